/** What the resource of a proxy declares, as far as identity is concerned. */
import { proxyKey, type ProxyResource } from "../../model/proxyResource.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import { SERVICE_TAG, WORKLOAD_TAG } from "../../model/Tags.ts"
import { tagSets, tagValues } from "../../model/tagSets.ts"
import type { ResourceCache } from "../snapshot/ResourceCache.ts"

export interface DeclaredProxy {
  readonly address: string | undefined
  /** Each tag of the inbounds or the gateway, with all its values. */
  readonly tags: ReadonlyMap<string, ReadonlySet<string>>
  /** Undefined for zone proxies. */
  readonly services: ReadonlyArray<string> | undefined
  /** Empty where a Dataplane has none, undefined for zone proxies. */
  readonly workload: string | undefined
}

export const declaredIn = (resource: ProxyResource): DeclaredProxy => {
  const address = resource.spec.networking?.address
  if (resource.type !== "Dataplane") return { address, tags: new Map(), services: undefined, workload: undefined }
  const tags = tagValues(tagSets(resource.spec))
  return { address, tags, services: [...(tags.get(SERVICE_TAG) ?? [])], workload: resource.labels[WORKLOAD_TAG] ?? "" }
}

/** Of what the cache has, once for each state of it: every open stream is judged by it again and again. */
const known = new WeakMap<ProxyResource, DeclaredProxy>()

/** What the cache has; undefined where there is no such resource (yet). */
export const declaredProxy = (resources: ResourceCache["Service"], proxy: ProxyId): DeclaredProxy | undefined => {
  const resource = resources.get(proxyKey(proxy))
  if (resource === undefined) return undefined
  const declared = known.get(resource) ?? declaredIn(resource)
  known.set(resource, declared)
  return declared
}
