/**
 * The secrets of connected proxies. Receives who is connected and of which meshes it needs secrets, and the cache's
 * changes of what certificates are made from; has them kept, and says when a proxy's secrets are others. Translates and
 * sends nothing.
 */
import { isDeepStrictEqual } from "node:util"
import { Effect } from "effect"
import { authoritySecrets } from "../../model/authoritySecrets.ts"
import { enabledBackend, type Mesh } from "../../model/Mesh.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import { proxyKey } from "../../model/proxyResource.ts"
import { formatKey, isType, ofType } from "../../model/Resource.ts"
import { tagSets } from "../../model/tagSets.ts"
import type { WorkloadCertificate } from "../ca/CertificateAuthority.ts"
import { type KeptCertificate, makeCertificateKeeper } from "../ca/CertificateKeeper.ts"
import { certificatesIssued, count } from "../diagnostics/metrics.ts"
import { ResourceCache, type ResourceChange } from "../snapshot/ResourceCache.ts"
import { caSecret, identitySecret } from "../xds/secret.ts"
import type { XdsResource } from "../xds/XdsResource.ts"

/** A mesh's two secrets for one proxy. */
export type MeshSecrets = readonly [identity: XdsResource, trust: XdsResource]

/** What one connected proxy holds. */
export interface HeldCertificates {
  /** By mesh: those that it has by now of the meshes that it needs them of. */
  readonly secrets: ReadonlyMap<string, MeshSecrets>
  /** The last that it was given, or null. */
  readonly certificate: WorkloadCertificate | null
  /** It needs the secrets of these meshes from now on, and no others. */
  readonly want: (meshes: ReadonlyArray<string>) => void
  /** It is connected no longer. */
  readonly release: () => void
}

export interface ProxyCertificates {
  /** Nothing is got before `want`, which may itself call `onChange`: it is called when the secrets are others. */
  readonly hold: (proxy: ProxyId, onChange: (certificate: WorkloadCertificate) => void) => HeldCertificates
}

export const makeProxyCertificates = Effect.gen(function*() {
  const keeper = yield* makeCertificateKeeper
  const cache = yield* ResourceCache
  const context = yield* Effect.context<never>()
  /** One object a mesh and bundle, so that it is serialised once for all proxies. */
  const trust = new Map<string, { readonly pem: string; readonly resource: XdsResource }>()
  /** One object a certificate: it may be kept for a proxy that left, and be served once more. */
  const identities = new WeakMap<WorkloadCertificate, XdsResource>()
  /** By a proxy's key: what is kept for it, by mesh. */
  const byProxy = new Map<string, ReadonlyMap<string, KeptCertificate>>()

  const trustSecret = (mesh: string, pem: string): XdsResource => {
    const before = trust.get(mesh)
    if (before?.pem === pem) return before.resource
    const resource = caSecret(mesh, pem)
    trust.set(mesh, { pem, resource })
    return resource
  }

  const identityOf = (mesh: string, certificate: WorkloadCertificate): XdsResource => {
    const before = identities.get(certificate)
    if (before !== undefined) return before
    const resource = identitySecret(mesh, certificate)
    identities.set(certificate, resource)
    count(certificatesIssued, 1, context, { mesh })
    return resource
  }

  const meshOf = (name: string): Mesh | undefined => ofType("Mesh", cache.get({ type: "Mesh", mesh: "", name }))?.spec

  const onChange = (changes: ReadonlyArray<ResourceChange>): void => {
    const meshes = new Set<string>()
    for (const { after, before, key } of changes) {
      const concerned = key.type === "Dataplane" ? byProxy.get(formatKey(key)) : undefined
      if (concerned === undefined && key.type !== "Mesh" && key.type !== "Secret") continue
      // Written anew with nothing in it that a certificate is made from.
      if (before !== undefined && after !== undefined && isDeepStrictEqual(before.spec, after.spec)) continue
      if (concerned !== undefined) for (const kept of concerned.values()) kept.look()
      else if (key.type === "Secret" && authoritySecrets(key.mesh, meshOf(key.mesh)).has(key.name)) meshes.add(key.mesh)
      // Proxies of a mesh without a CA are about to need no certificates.
      else if (after !== undefined && isType("Mesh", after) && enabledBackend(after.spec)) meshes.add(key.name)
    }
    for (const mesh of meshes) keeper.reconfigured(mesh)
  }
  yield* Effect.acquireRelease(Effect.sync(() => cache.onChange(onChange)), (stop) => Effect.sync(stop))

  const hold: ProxyCertificates["hold"] = (proxy, onSecrets) => {
    const key = proxyKey(proxy)
    const id = formatKey(key)
    const secrets = new Map<string, MeshSecrets>()
    const kept = new Map<string, KeptCertificate>()
    let last: WorkloadCertificate | null = null

    const tags = () => {
      const resource = cache.get(key)
      return resource !== undefined && isType("Dataplane", resource) ? tagSets(resource.spec) : []
    }
    const end = (mesh: string): void => {
      kept.get(mesh)?.end()
      kept.delete(mesh)
      secrets.delete(mesh)
    }

    byProxy.set(id, kept)
    return {
      secrets,
      get certificate() {
        return last
      },
      want: (meshes) => {
        for (const mesh of [...kept.keys()]) if (!meshes.includes(mesh)) end(mesh)
        for (const mesh of meshes) {
          if (kept.has(mesh)) continue
          const order = {
            mesh,
            proxy: proxy.name,
            tags,
            onCertificate: (certificate: WorkloadCertificate, trustBundle: string) => {
              last = certificate
              secrets.set(mesh, [identityOf(mesh, certificate), trustSecret(mesh, trustBundle)])
              onSecrets(certificate)
            }
          }
          kept.set(mesh, keeper.keep(order))
        }
      },
      release: () => {
        for (const mesh of [...kept.keys()]) end(mesh)
        if (byProxy.get(id) === kept) byProxy.delete(id)
      }
    }
  }

  return { hold } satisfies ProxyCertificates
})
