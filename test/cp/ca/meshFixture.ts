/** A mesh in a real store, and a cache that the test brings up to date when it means to. */
import { Effect, Layer } from "effect"
import {
  type CaUnavailable,
  CertificateAuthority,
  type CertificateRequest,
  type NoIdentity,
  type WorkloadCertificate
} from "../../../src/cp/ca/CertificateAuthority.ts"
import { CertificateAuthorityLive } from "../../../src/cp/ca/CertificateAuthorityLive.ts"
import { CaFolder } from "../../../src/cp/ca/readCaFile.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import type { CertificateAuthorityBackend } from "../../../src/model/Mesh.ts"
import { formatKey, isType, type Resource, type ResourceKey, type ResourceType } from "../../../src/model/Resource.ts"
import { Store } from "../../../src/model/Store.ts"

export interface Replica {
  readonly authority: {
    readonly trustBundle: (mesh: string) => Effect.Effect<string, CaUnavailable>
    readonly certificate: (
      request: CertificateRequest & { readonly mesh: string }
    ) => Effect.Effect<WorkloadCertificate, CaUnavailable | NoIdentity>
    readonly left: (mesh: string, proxy: string) => void
  }
  /** Makes the cache what the store is. */
  readonly refresh: Effect.Effect<void>
}

/** A control plane's CA over the store, with a cache of its own. `folder`: where it reads files. */
export const startReplica = (store: Store["Service"], folder: string | null = null) =>
  Effect.gen(function*() {
    const resources = new Map<string, Resource>()
    const cache = ResourceCache.of({
      get: <T extends ResourceType>(key: ResourceKey<T>) => {
        const found = resources.get(formatKey(key))
        return found !== undefined && isType(key.type, found) ? found : undefined
      },
      list: () => [],
      onChange: () => () => {}
    })
    const refresh = Effect.map(Effect.orDie(store.listAll), (all) => {
      resources.clear()
      for (const resource of all) resources.set(formatKey(resource), resource)
    })
    const context = yield* Layer.build(
      Layer.provide(CertificateAuthorityLive, [
        Layer.succeed(Store, store), Layer.succeed(ResourceCache, cache), Layer.succeed(CaFolder, folder)
      ])
    )
    yield* refresh
    const { left, open } = yield* Effect.provide(CertificateAuthority, context)
    const authority: Replica["authority"] = {
      trustBundle: (mesh) => Effect.map(open(mesh), ({ trustBundle }) => trustBundle),
      certificate: ({ mesh, ...request }) => Effect.flatMap(open(mesh), ({ certificate }) => certificate(request)),
      left
    }
    return { authority, refresh }
  })

export const putMesh = (
  store: Store["Service"],
  enabledBackend: string,
  ...backends: ReadonlyArray<CertificateAuthorityBackend>
) =>
  store.put({ type: "Mesh", mesh: "", name: "default", labels: {}, spec: { mtls: { enabledBackend, backends } } })

export const builtin = (name: string): CertificateAuthorityBackend => ({ name, type: "builtin" })
