/** The resource that a proxy brings along as YAML, where no operator wrote it beforehand. Pure. */
import { decodeResource } from "../../model/decodeResource.ts"
import { parseYaml } from "../../model/parseYaml.ts"
import type { ProxyId, ProxyType } from "../../model/ProxyType.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { SERVICE_TAG, type Tags, ZONE_TAG } from "../../model/Tags.ts"
import { validateResource } from "../../model/validate/validateResource.ts"
import type { Violation } from "../../model/Violation.ts"

export type ProxyResource = DesiredResource<"Dataplane"> | DesiredResource<"ZoneIngress"> | DesiredResource<"ZoneEgress">

export type Declared =
  | { readonly resource: ProxyResource }
  | { readonly violations: ReadonlyArray<Violation> }

const TYPE: Readonly<Record<ProxyType, ProxyResource["type"]>> = {
  dataplane: "Dataplane",
  ingress: "ZoneIngress",
  egress: "ZoneEgress"
}

/** Labels that the control plane adds to a proxy's resource, and the zone tag to its inbounds, as Kuma does on a PUT. */
export const declaredProxy = (yaml: string, proxy: ProxyId, zone: string): Declared => {
  const parsed = parseYaml(yaml)
  if ("problems" in parsed) return refused(parsed.problems.join("; "))
  if (parsed.values.length !== 1) return refused(`must be one YAML document, found ${parsed.values.length}`)
  const decoded = decodeResource(parsed.values[0])
  if ("violations" in decoded) return decoded
  const { resource } = decoded
  if (!isProxyResource(resource) || resource.type !== TYPE[proxy.proxyType]) {
    return refused(`must be a ${TYPE[proxy.proxyType]}, as the proxy says it is of type ${proxy.proxyType}`)
  }
  if (resource.mesh !== proxy.mesh || resource.name !== proxy.name) {
    return refused(
      `is ${resource.mesh}/${resource.name}, but the proxy says it is ${proxy.mesh}/${proxy.name}; give both the same mesh and name`
    )
  }
  const violations = validateResource(resource)
  return violations.length > 0 ? { violations } : { resource: withComputed(resource, zone) }
}

const isProxyResource = (resource: DesiredResource): resource is ProxyResource =>
  Object.values(TYPE).some((type) => type === resource.type)

const refused = (message: string): Declared => ({ violations: [{ field: "dataplaneResource", message }] })

const withComputed = (resource: ProxyResource, zone: string): ProxyResource => {
  const labels = {
    ...resource.labels,
    ...(resource.mesh === "" ? {} : { "kuma.io/mesh": resource.mesh }),
    "kuma.io/origin": "zone",
    "kuma.io/zone": zone,
    "kuma.io/env": "universal",
    ...(resource.type === "Dataplane"
      ? { "kuma.io/proxy-type": resource.spec.networking?.gateway?.type === "BUILTIN" ? "gateway" : "sidecar" }
      : {})
  }
  if (resource.type !== "Dataplane") return { ...resource, labels }
  const networking = resource.spec.networking ?? {}
  const zoned = <A extends { readonly tags?: Tags }>(part: A): A => ({
    ...part,
    tags: { ...part.tags, [ZONE_TAG]: zone }
  })
  return {
    ...resource,
    labels,
    spec: {
      ...resource.spec,
      networking: {
        ...networking,
        ...(networking.inbound === undefined ? {} : { inbound: networking.inbound.map(zoned) }),
        ...(networking.gateway === undefined ? {} : { gateway: zoned(networking.gateway) })
      }
    }
  }
}

/** The tag sets that a Dataplane stands for: its inbounds', or its gateway's. */
export const tagSets = (resource: Pick<ProxyResource, "type" | "spec">): ReadonlyArray<Tags> => {
  if (resource.type !== "Dataplane" || !("networking" in resource.spec)) return []
  const networking = resource.spec.networking
  if (networking === undefined) return []
  const gateway = "gateway" in networking ? networking.gateway?.tags : undefined
  const inbound = "inbound" in networking ? networking.inbound ?? [] : []
  return gateway === undefined ? inbound.map(({ tags }) => tags ?? {}) : [gateway]
}

/** Envoy's `cluster` and the proxy's own service name: its first inbound's, or its gateway's. */
export const serviceOf = (resource: Pick<ProxyResource, "type" | "spec">): string =>
  resource.type === "ZoneIngress"
    ? "ingress"
    : resource.type === "ZoneEgress"
    ? "egress"
    : tagSets(resource)[0]?.[SERVICE_TAG] ?? "unknown"
