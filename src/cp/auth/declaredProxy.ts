/** What the resource of a proxy declares, as far as identity is concerned. Reads the cache alone. */
import type { Dataplane } from "../../model/Dataplane.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import { SERVICE_TAG, WORKLOAD_TAG } from "../../model/Tags.ts"
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

const tagsOf = ({ networking }: Dataplane): ReadonlyMap<string, ReadonlySet<string>> => {
  const tags = new Map<string, Set<string>>()
  const gateways = networking?.gateway === undefined ? [] : [networking.gateway]
  for (const holder of [...(networking?.inbound ?? []), ...gateways]) {
    for (const [tag, value] of Object.entries(holder.tags ?? {})) {
      tags.set(tag, (tags.get(tag) ?? new Set()).add(value))
    }
  }
  return tags
}

/** Undefined where there is no such resource (yet). */
export const declaredProxy = (resources: ResourceCache["Service"], proxy: ProxyId): DeclaredProxy | undefined => {
  if (proxy.proxyType === "dataplane") {
    const dataplane = resources.get({ type: "Dataplane", mesh: proxy.mesh, name: proxy.name })
    if (dataplane === undefined) return undefined
    const tags = tagsOf(dataplane.spec)
    return {
      address: dataplane.spec.networking?.address,
      tags,
      services: [...(tags.get(SERVICE_TAG) ?? [])],
      workload: dataplane.labels[WORKLOAD_TAG] ?? ""
    }
  }
  const type = proxy.proxyType === "ingress" ? "ZoneIngress" : "ZoneEgress"
  const zoneProxy = resources.get({ type, mesh: "", name: proxy.name })
  return zoneProxy === undefined
    ? undefined
    : { address: zoneProxy.spec.networking?.address, tags: new Map(), services: undefined, workload: undefined }
}
