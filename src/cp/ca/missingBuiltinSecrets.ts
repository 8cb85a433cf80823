/**
 * The CA that a mesh makes for itself, kept in two Secrets. Receives a mesh's backend, produces what of the two isn't
 * there yet; writes nothing.
 *
 * Both are made together and are to be written in one commit, so that replicas that make one at once can't leave a
 * certificate with the key of another. Where a key is there alone, the certificate is made from that one.
 */
import { Clock, Effect } from "effect"
import type { CertificateAuthorityBackend } from "../../model/Mesh.ts"
import type { DesiredResource, ResourceKey } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { builtinConf } from "./backendConfig.ts"
import { CaUnavailable } from "./CertificateAuthority.ts"
import { certificateSecret, decodeSecret, encodeSecret, keySecret } from "./caSecrets.ts"
import { generateKeyPem } from "./keys.ts"
import { signRoot } from "./signCertificate.ts"

const CLOCK_SKEW_MILLIS = 10_000

/** What a Secret holds; undefined where it isn't there. */
export const storedText = (key: ResourceKey<"Secret">): Effect.Effect<string | undefined, StoreUnavailable, Store> =>
  Store.use((store) => store.get(key)).pipe(
    Effect.map((secret): string | undefined => decodeSecret(secret.spec)),
    Effect.catchTag("NotFound", () => Effect.succeed(undefined))
  )

/** Fails where the backend's configuration can't be read, or a certificate is there without its key. */
export const missingBuiltinSecrets = Effect.fnUntraced(function*(
  mesh: string,
  backend: CertificateAuthorityBackend
): Effect.fn.Return<ReadonlyArray<DesiredResource<"Secret">>, StoreUnavailable | CaUnavailable, Store> {
  const [keyName, certificateName] = [keySecret(mesh, backend.name), certificateSecret(mesh, backend.name)]
  const [certificate, key] = yield* Effect.all([storedText(certificateName), storedText(keyName)], { concurrency: 2 })
  if (certificate !== undefined) {
    return key === undefined
      ? yield* new CaUnavailable({
        mesh,
        message: `the secret ${keyName.name} is missing: restore it, or delete ${certificateName.name}, too, to have ` +
          "a new CA made"
      })
      : []
  }
  const failed = (cause: unknown): CaUnavailable =>
    new CaUnavailable({ mesh, message: cause instanceof Error ? cause.message : String(cause) })
  const conf = yield* Effect.try({ try: () => builtinConf(backend), catch: failed })
  const now = yield* Clock.currentTimeMillis
  return yield* Effect.tryPromise({
    try: async () => {
      const keyPem = key ?? (await generateKeyPem(conf.rsaBits))
      const certificatePem = await signRoot(
        keyPem,
        `O=ecs-mesh, OU=Mesh, CN=${mesh}`,
        [{ type: "url", value: `spiffe://${mesh}` }],
        { notBefore: now - CLOCK_SKEW_MILLIS, notAfter: now + conf.lifetimeMillis }
      )
      return [
        encodeSecret(certificateName, certificatePem),
        ...(key === undefined ? [encodeSecret(keyName, keyPem)] : [])
      ]
    },
    catch: failed
  })
})
