/** The resource that says what a proxy is and where: a Dataplane, or a zone proxy's. */
import type { ProxyId } from "./ProxyType.ts"
import type { DesiredResource, ResourceKey } from "./Resource.ts"

export type ProxyResource =
  | DesiredResource<"Dataplane">
  | DesiredResource<"ZoneIngress">
  | DesiredResource<"ZoneEgress">

/** Its type, by the proxy's. */
export const PROXY_RESOURCE = { dataplane: "Dataplane", ingress: "ZoneIngress", egress: "ZoneEgress" } as const

export const proxyKey = ({ mesh, name, proxyType }: ProxyId): ResourceKey<ProxyResource["type"]> => ({
  type: PROXY_RESOURCE[proxyType],
  mesh,
  name
})
