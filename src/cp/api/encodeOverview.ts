/** A proxy together with what is known of its connection. */
import { encodeResource } from "../../model/encodeResource.ts"
import type { Resource } from "../../model/Resource.ts"

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

/** Where a proxy or a zone that never connected is asked for alone, that is said. */
export const NO_INSIGHT = { spec: {} }

/** `insight`: null leaves it out, as lists do of a proxy that never connected. */
export const encodeOverview = (
  resource: Resource,
  insight: { readonly spec: unknown } | null
): Readonly<Record<string, unknown>> => {
  const { creationTime, kri, labels, mesh, modificationTime, name } = encodeResource(resource)
  const meta = { mesh, name, creationTime, modificationTime, labels, kri }
  return {
    type: `${resource.type}Overview`,
    ...Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined)),
    [lowerFirst(resource.type)]: resource.spec,
    ...(insight === null ? {} : { [`${lowerFirst(resource.type)}Insight`]: insight.spec })
  }
}
