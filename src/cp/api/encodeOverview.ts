/** A proxy together with what is known of its connection. */
import { encodeResource } from "../../model/encodeResource.ts"
import type { Resource } from "../../model/Resource.ts"

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

/** `insight` is null for a proxy that never connected. */
export const encodeOverview = (resource: Resource, insight: Resource | null): Readonly<Record<string, unknown>> => {
  const { creationTime, kri, labels, mesh, modificationTime, name } = encodeResource(resource)
  const meta = { mesh, name, creationTime, modificationTime, labels, kri }
  return {
    type: `${resource.type}Overview`,
    ...Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined)),
    [lowerFirst(resource.type)]: resource.spec,
    ...(insight === null ? {} : { [`${lowerFirst(resource.type)}Insight`]: insight.spec })
  }
}
