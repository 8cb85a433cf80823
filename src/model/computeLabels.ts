/** The labels that the control plane gives a resource. */
import type { DesiredResource } from "./Resource.ts"
import { descriptors } from "./ResourceDescriptor.ts"
import { ENV_LABEL, MESH_TAG, ORIGIN_LABEL, PROXY_TYPE_LABEL, ZONE_TAG } from "./Tags.ts"

type Labels = Readonly<Record<string, string>>

const isDataplane = (resource: DesiredResource): resource is DesiredResource<"Dataplane"> =>
  resource.type === "Dataplane"

/** A delegated gateway's proxy is a sidecar like any other. */
const proxyTypeLabel = (resource: DesiredResource): Labels => {
  if (isDataplane(resource)) {
    const isBuiltin = resource.spec.networking?.gateway?.type === "BUILTIN"
    return { [PROXY_TYPE_LABEL]: isBuiltin ? "gateway" : "sidecar" }
  }
  return resource.type === "ZoneIngress" || resource.type === "ZoneEgress"
    ? { [PROXY_TYPE_LABEL]: resource.type.toLowerCase() }
    : {}
}

/** The author's labels with the computed ones. What isn't a zone's to give gets none of a zone's. */
export const computeLabels = (resource: DesiredResource, zone: string): Labels => {
  const isGlobalOrigin = resource.labels[ORIGIN_LABEL] === "global"
  const { globalOnly, scope } = descriptors[resource.type]
  return {
    ...(scope === "Mesh" ? { [MESH_TAG]: resource.mesh } : {}),
    ...(globalOnly ? {} : { [ORIGIN_LABEL]: "zone" }),
    ...(globalOnly || isGlobalOrigin ? {} : { [ZONE_TAG]: zone, [ENV_LABEL]: "universal" }),
    ...resource.labels,
    ...proxyTypeLabel(resource)
  }
}
