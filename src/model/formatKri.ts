/** Kuma's resource identifier: `kri_<short type>_<mesh>_<zone>_<namespace>_<name>_<section>`. */
import type { DesiredResource } from "./Resource.ts"
import { descriptors } from "./ResourceDescriptor.ts"
import { DISPLAY_NAME_LABEL, ZONE_TAG } from "./Tags.ts"

/** Null for types without one. Without a zone label the zone is empty. */
export const formatKri = (resource: DesiredResource): string | null => {
  const { kriName } = descriptors[resource.type]
  if (kriName === null) return null
  const name = resource.labels[DISPLAY_NAME_LABEL] ?? resource.name
  return `kri_${kriName}_${resource.mesh}_${resource.labels[ZONE_TAG] ?? ""}__${name}_`
}
