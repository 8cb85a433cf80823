/** Each service that a Dataplane's inbounds and gateway stand for, once. Pure. */
import type { Dataplane } from "../../model/Dataplane.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"

export const servicesOf = ({ networking }: Dataplane): ReadonlyArray<string> => {
  const ends = [...(networking?.inbound ?? []), ...(networking?.gateway === undefined ? [] : [networking.gateway])]
  return [...new Set(ends.flatMap(({ tags }) => tags?.[SERVICE_TAG] ?? []))]
}
