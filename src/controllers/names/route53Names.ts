/** Hostnames in a hosted zone, in batches. What the zone held when it was listed last is what changes are named by. */
import { Effect } from "effect"
import type { HostedZone } from "../aws/HostedZone.ts"
import type { NameOwner } from "./NameOwner.ts"
import type { NameChange, NameStore, RefusedName } from "./NameStore.ts"
import { readNames, recordChanges, type RecordSet, withRecordChanges } from "./route53Records.ts"

/** Hostnames of a batch, four records each at most: Route 53 takes 1,000. */
export const NAMES_A_BATCH = 200

const chunks = <A>(all: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))

export const route53Names = (title: string, zone: HostedZone, owner: NameOwner): NameStore => {
  let sets: ReadonlyArray<RecordSet> = []

  /** One that can't be made spoils its batch: it is looked for by halves, and the others are made. */
  const makeAll = (changes: ReadonlyArray<NameChange>): ReturnType<NameStore["change"]> => {
    const records = changes.flatMap((change) => recordChanges(change, sets, owner))
    return zone.change(records).pipe(
      Effect.map((): ReadonlyArray<RefusedName> => {
        sets = withRecordChanges(sets, records)
        return []
      }),
      Effect.catchTag("AwsCallFailed", (failure) => {
        if (failure.kind !== "invalid" || failure.code === "PriorRequestNotComplete") return Effect.fail(failure)
        const [one] = changes
        if (one !== undefined && changes.length === 1) {
          return Effect.succeed([{ hostname: one.hostname, reason: failure.message }])
        }
        const half = Math.ceil(changes.length / 2)
        return Effect.map(
          Effect.all([makeAll(changes.slice(0, half)), makeAll(changes.slice(half))]),
          (refused) => refused.flat()
        )
      })
    )
  }

  return {
    title,
    domain: zone.domain,
    list: Effect.map(zone.list, (now) => {
      sets = now
      return readNames(now, owner)
    }),
    change: (changes) =>
      Effect.map(Effect.forEach(chunks(changes, NAMES_A_BATCH), makeAll), (refused) => refused.flat())
  }
}
