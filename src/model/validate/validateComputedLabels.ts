/** Of the labels that the control plane computes: what their author may not say, and what may not change later. */
import type { DesiredResource, Resource } from "../Resource.ts"
import { DISPLAY_NAME_LABEL, MESH_TAG, ORIGIN_LABEL, ZONE_TAG } from "../Tags.ts"
import type { Violation } from "../Violation.ts"
import { key, violationIf } from "./violationPath.ts"

type Labels = Resource["labels"]

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
