/** Envoy's own `cluster`: the service that its proxy is first of all, or what kind of zone proxy it is. Pure. */
import type { ProxyResource } from "../../model/proxyResource.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { tagSets } from "../../model/tagSets.ts"

export const envoyCluster = (resource: ProxyResource): string => {
  if (resource.type === "ZoneIngress") return "ingress"
  if (resource.type === "ZoneEgress") return "egress"
  return tagSets(resource.spec)[0]?.[SERVICE_TAG] ?? "unknown"
}
