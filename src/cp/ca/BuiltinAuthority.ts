/**
 * The CA that the mesh makes for itself on first use, once across replicas, and keeps in two Secrets.
 *
 * The key is written first, and only where there is none; the certificate is then made from whichever key is
 * stored. So replicas that start together, or one that dies in between, can't leave a certificate with the key
 * of another.
 */
import { Clock, Effect } from "effect"
import type { CertificateAuthorityBackend } from "../../model/Mesh.ts"
import type { Resource, ResourceKey } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { builtinConf } from "./backendConfig.ts"
import { certificateSecret, decodeSecret, encodeSecret, keySecret } from "./caSecrets.ts"
import { generateKeyPem } from "./keys.ts"
import type { AuthorityPems } from "./SigningAuthority.ts"
import { signRoot } from "./signCertificate.ts"

const CLOCK_SKEW_MILLIS = 10_000

export const makeBuiltinAuthority = Effect.gen(function*() {
  const store = yield* Store
  const cache = yield* ResourceCache
  /** What was made or found in the store and hasn't reached the cache yet. */
  const ahead = new Map<string, AuthorityPems>()

  const stored = (key: ResourceKey<"Secret">): Effect.Effect<string | undefined, StoreUnavailable> =>
    store.get(key).pipe(
      Effect.map((secret): string | undefined => decodeSecret(secret.spec)),
      Effect.catchTag("NotFound", () => Effect.succeed(undefined))
    )

  /** What is stored afterwards: ours, or that of whoever was first. */
  const storeFirst = (key: ResourceKey<"Secret">, text: string) =>
    store.put(encodeSecret(key, text), { expect: "absent" }).pipe(
      Effect.catchTag("Conflict", () => store.get(key)),
      Effect.map((secret) => decodeSecret(secret.spec))
    )

  const ensure = Effect.fnUntraced(function*(mesh: string, backend: CertificateAuthorityBackend) {
    const conf = yield* Effect.try({ try: () => builtinConf(backend), catch: (cause) => cause })
    const keyName = keySecret(mesh, backend.name)
    const certificateName = certificateSecret(mesh, backend.name)
    const certificate = yield* stored(certificateName)
    const key = yield* stored(keyName)
    if (certificate !== undefined) {
      return key === undefined
        ? yield* Effect.fail(new Error(`the secret ${keyName.name} is missing: restore it, or delete ` +
          `${certificateName.name}, too, to have a new CA made`))
        : { certificatePem: certificate, keyPem: key }
    }
    const keyPem = key ?? (yield* storeFirst(keyName, yield* Effect.promise(() => generateKeyPem(conf.rsaBits))))
    const now = yield* Clock.currentTimeMillis
    const made = yield* Effect.tryPromise({
      try: () =>
        signRoot(
          keyPem,
          `O=ecs-mesh, OU=Mesh, CN=${mesh}`,
          [{ type: "url", value: `spiffe://${mesh}` }],
          { notBefore: now - CLOCK_SKEW_MILLIS, notAfter: now + conf.lifetimeMillis }
        ),
      catch: (cause) => cause
    })
    const certificatePem = yield* storeFirst(certificateName, made)
    if (certificatePem === made) {
      yield* Effect.logInfo("made a certificate authority").pipe(
        Effect.annotateLogs({
          mesh,
          backend: backend.name,
          notAfter: new Date(now + conf.lifetimeMillis).toISOString()
        })
      )
    }
    return { certificatePem, keyPem }
  })

  /** What is cached, by mesh and backend: read once for as long as it is the same. */
  const read = new Map<string, { readonly from: ReadonlyArray<Resource<"Secret">>; readonly pems: AuthorityPems }>()

  const cached = (mesh: string, backend: string): AuthorityPems | undefined => {
    const certificate = cache.get(certificateSecret(mesh, backend))
    const key = cache.get(keySecret(mesh, backend))
    if (certificate === undefined || key === undefined) return undefined
    const id = `${mesh}/${backend}`
    const before = read.get(id)
    if (before?.from[0] === certificate && before.from[1] === key) return before.pems
    const pems = { certificatePem: decodeSecret(certificate.spec), keyPem: decodeSecret(key.spec) }
    read.set(id, { from: [certificate, key], pems })
    return pems
  }

  return {
    /** What is made and known here already. */
    known: (mesh: string, backend: string): AuthorityPems | undefined => {
      const id = `${mesh}/${backend}`
      const known = cached(mesh, backend)
      if (known !== undefined) ahead.delete(id)
      return known ?? ahead.get(id)
    },
    /** Finds it in the store, or makes it. */
    make: Effect.fnUntraced(function*(mesh: string, backend: CertificateAuthorityBackend) {
      const ensured = yield* ensure(mesh, backend)
      ahead.set(`${mesh}/${backend.name}`, ensured)
      return ensured
    })
  }
})
