/**
 * Whether the CA that a mesh's owner brings can sign, asked before the mesh is written: afterwards no proxy would get a
 * certificate. Answers violations; writes nothing.
 */
import { Effect } from "effect"
import type { DataSource } from "../../model/DataSource.ts"
import type { CertificateAuthorityBackend, Mesh } from "../../model/Mesh.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import type { Violation } from "../../model/Violation.ts"
import { providedConf } from "./backendConfig.ts"
import { decodeSecret } from "./caSecrets.ts"
import { CaFolder, readCaFile } from "./readCaFile.ts"
import { signingAuthority } from "./SigningAuthority.ts"

type Loaded = { readonly text: string } | { readonly problem: string }

const loadFile = Effect.fnUntraced(function*(path: string) {
  const folder = yield* CaFolder
  return yield* Effect.tryPromise({
    try: () => readCaFile(folder, path),
    catch: (cause) => `could not load data: ${cause instanceof Error ? cause.message : String(cause)}`
  }).pipe(
    Effect.map((text): Loaded => ({ text })),
    Effect.catch((problem) => Effect.succeed<Loaded>({ problem }))
  )
})

const load = (mesh: string, source: DataSource): Effect.Effect<Loaded, StoreUnavailable, Store> => {
  const { file, inline, inlineString, secret } = source
  if (inlineString !== undefined) return Effect.succeed({ text: inlineString })
  if (inline !== undefined) return Effect.succeed({ text: Buffer.from(inline, "base64").toString("utf8") })
  if (secret !== undefined) {
    return Store.use((store) => store.get({ type: "Secret", mesh, name: secret })).pipe(
      Effect.map(({ spec }): Loaded => ({ text: decodeSecret(spec) })),
      Effect.catchTag("NotFound", () =>
        Effect.succeed({ problem: `could not load data: there is no Secret "${secret}" in mesh "${mesh}"` }))
    )
  }
  return loadFile(file ?? "")
}

/** What `signingAuthority` throws, each under the certificate of the chain that it is about. */
const PLACED = /^(cert(?:\[\d+\])?): (.*)$/s

const reasons = (cause: unknown, path: string): ReadonlyArray<Violation> => {
  const message = cause instanceof Error ? cause.message : String(cause)
  return message.split("; ").map((part) => {
    const [, place, reason] = PLACED.exec(part) ?? []
    return place === undefined || reason === undefined
      ? { field: `${path}.cert`, message: "not a valid TLS key pair: it can't be read as PEM" }
      : { field: `${path}.${place}`, message: reason }
  })
}

const check = Effect.fnUntraced(function*(mesh: string, backend: CertificateAuthorityBackend, path: string) {
  const { cert, key } = providedConf(backend)
  const [certificate, privateKey] = yield* Effect.all([load(mesh, cert), load(mesh, key)], { concurrency: 2 })
  if ("problem" in certificate || "problem" in privateKey) {
    return [
      ...("problem" in certificate ? [{ field: `${path}.cert`, message: certificate.problem }] : []),
      ...("problem" in privateKey ? [{ field: `${path}.key`, message: privateKey.problem }] : [])
    ]
  }
  return yield* Effect.tryPromise({
    try: () => signingAuthority({ certificatePem: certificate.text, keyPem: privateKey.text }),
    catch: (cause) => reasons(cause, path)
  }).pipe(
    Effect.as<ReadonlyArray<Violation>>([]),
    Effect.catch((found) => Effect.succeed(found))
  )
})

/** `mesh` has passed `validateMesh`. */
export const checkProvided = (
  name: string,
  { mtls }: Mesh
): Effect.Effect<ReadonlyArray<Violation>, StoreUnavailable, Store> =>
  mtls === undefined || mtls.skipValidation === true
    ? Effect.succeed([])
    : Effect.forEach(mtls.backends ?? [], (backend, index) =>
        backend.type === "provided"
          ? check(name, backend, `mtls.backends[${index}].conf`)
          : Effect.succeed<ReadonlyArray<Violation>>([])).pipe(Effect.map((found) => found.flat()))
