/** Writes a resource as Kuma's Universal JSON has it, in Kuma's order of fields. */
import { formatKri } from "./formatKri.ts"
import type { DesiredResource, Resource } from "./Resource.ts"
import { descriptors } from "./ResourceDescriptor.ts"

/** Plain data for JSON or YAML. Times are there where the resource has been kept. */
export const encodeResource = (resource: Resource | DesiredResource): Readonly<Record<string, unknown>> => {
  const descriptor = descriptors[resource.type]
  const kri = formatKri(resource)
  return {
    type: resource.type,
    ...(resource.mesh === "" ? {} : { mesh: resource.mesh }),
    name: resource.name,
    ...("creationTime" in resource
      ? { creationTime: resource.creationTime, modificationTime: resource.modificationTime }
      : {}),
    ...(Object.keys(resource.labels).length === 0 ? {} : { labels: resource.labels }),
    ...(kri === null || !("creationTime" in resource) ? {} : { kri }),
    ...(descriptor.specStyle === "inline" ? resource.spec : { spec: resource.spec })
  }
}
