/** The labels that the control plane gives a resource, and those that its author can't change. */
import type { DesiredResource } from "../../model/Resource.ts"
import { descriptors } from "../../model/ResourceDescriptor.ts"
import { DISPLAY_NAME_LABEL, ENV_LABEL, MESH_TAG, ORIGIN_LABEL, PROXY_TYPE_LABEL, ZONE_TAG } from "../../model/Tags.ts"
import type { Violation } from "../../model/Violation.ts"
import { key, violationIf } from "../../model/validate/violationPath.ts"

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

/** The author's labels with the computed ones. A Mesh isn't a zone's to give: it gets none. */
export const computeLabels = (resource: DesiredResource, zone: string): Labels => {
  const isGlobalOrigin = resource.labels[ORIGIN_LABEL] === "global"
  return {
    ...(descriptors[resource.type].scope === "Mesh" ? { [MESH_TAG]: resource.mesh } : {}),
    ...(resource.type === "Mesh" ? {} : { [ORIGIN_LABEL]: "zone" }),
    ...(resource.type === "Mesh" || isGlobalOrigin ? {} : { [ZONE_TAG]: zone, [ENV_LABEL]: "universal" }),
    ...resource.labels,
    ...proxyTypeLabel(resource)
  }
}

/** Labels that say what isn't so. */
export const validateGivenLabels = (resource: DesiredResource, zone: string): ReadonlyArray<Violation> => {
  const { [MESH_TAG]: mesh, [ORIGIN_LABEL]: origin, [ZONE_TAG]: labelZone } = resource.labels
  return [
    ...violationIf(origin !== undefined && !["global", "zone"].includes(origin), key("labels", ORIGIN_LABEL),
      `unknown resource origin "${origin}"`),
    ...violationIf(origin !== "global" && labelZone !== undefined && labelZone !== zone, key("labels", ZONE_TAG),
      `${ZONE_TAG} label should have ${zone} value`),
    ...violationIf(origin !== "global" && mesh !== undefined && mesh !== resource.mesh, key("labels", MESH_TAG),
      `${MESH_TAG} label must not differ from mesh set on resource`)
  ]
}

/** What may not change from one write to the next. Both are computed labels. */
export const validateLabelChange = (before: Labels, after: Labels): ReadonlyArray<Violation> =>
  [ORIGIN_LABEL, ZONE_TAG, DISPLAY_NAME_LABEL].flatMap((label) => {
    const [was, is] = [before[label], after[label]]
    if (was === undefined || was === is) return []
    return [{
      field: key("labels", label),
      message: is === undefined
        ? `is immutable, cannot be removed (was ${JSON.stringify(was)})`
        : `is immutable, cannot be changed from ${JSON.stringify(was)} to ${JSON.stringify(is)}`
    }]
  })
