/**
 * The CA that a mesh made for itself, from its two Secrets. It is made with the mesh; where somebody took the Secrets
 * away, it is made anew on first use, once across replicas.
 */
import { Effect } from "effect"
import type { CertificateAuthorityBackend } from "../../model/Mesh.ts"
import type { Resource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { certificateSecret, decodeSecret, keySecret } from "./caSecrets.ts"
import { ensureBuiltinSecrets } from "./ensureBuiltinSecrets.ts"
import type { AuthorityPems } from "./SigningAuthority.ts"

export const makeBuiltinAuthority = Effect.gen(function*() {
  const store = yield* Store
  const cache = yield* ResourceCache
  /** What was made or found in the store and hasn't reached the cache yet. */
  const ahead = new Map<string, AuthorityPems>()

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
      const ensured = yield* Effect.provideService(ensureBuiltinSecrets(mesh, backend), Store, store)
      ahead.set(`${mesh}/${backend.name}`, ensured)
      return ensured
    })
  }
})
