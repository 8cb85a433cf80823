/** The tags by which a Dataplane is picked, named and identified. Pure. */
import type { Dataplane } from "./Dataplane.ts"
import type { Tags } from "./Tags.ts"

/** One set for each inbound, or its gateway's. */
export const tagSets = ({ networking }: Dataplane): ReadonlyArray<Tags> =>
  [...(networking?.inbound ?? []), ...(networking?.gateway === undefined ? [] : [networking.gateway])]
    .map(({ tags = {} }) => tags)

/** Each tag of these sets, with all its values. */
export const tagValues = (sets: ReadonlyArray<Tags>): ReadonlyMap<string, ReadonlySet<string>> => {
  const values = new Map<string, Set<string>>()
  for (const [tag, value] of sets.flatMap(Object.entries<string>)) {
    values.set(tag, (values.get(tag) ?? new Set()).add(value))
  }
  return values
}
