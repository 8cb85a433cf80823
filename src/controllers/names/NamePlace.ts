/**
 * One place where hostnames are kept, with what is known of it: read whole now and then, as others may change it, and
 * between that followed by what is written there, so that a change costs one batch and no list.
 */
import { Effect } from "effect"
import type { AwsCallFailed } from "../aws/AwsCallFailed.ts"
import { type Adoption, adoptNames, type MayHave } from "./adoptNames.ts"
import { adoptionHint, diffNames, withChanges } from "./diffNames.ts"
import type { NameChange, NamesThere, NameStore } from "./NameStore.ts"
import type { NamedResources } from "./wantedNames.ts"

export interface PlaceSettings {
  readonly refreshMillis: number
  /** Whether names that bear nobody's mark are taken over. */
  readonly adopts: boolean
  readonly mayHave: MayHave
  /** Says it, as a warning, unless the very same was said before. */
  readonly tell: (message: string, fields: Readonly<Record<string, unknown>>) => Effect.Effect<void>
}

export interface NamePlace {
  readonly title: string
  /** Whether it is known that nothing there is this control plane's. */
  readonly isEmpty: () => boolean
  /**
   * Makes it hold what is wanted (addresses by hostname). Answers which addresses services are to have first, where
   * names are taken over.
   */
  readonly settle: (
    wanted: ReadonlyMap<string, string>,
    addresses: NamedResources["addresses"],
    now: number
  ) => Effect.Effect<Adoption["claims"], AwsCallFailed>
}

export const namePlace = (names: NameStore, { adopts, mayHave, refreshMillis, tell }: PlaceSettings): NamePlace => {
  let domain: string | null = null
  /** Null where nothing is known, or no longer. */
  let there: NamesThere | null = null
  let listedAt = 0

  const tellAll = (
    hostnames: Iterable<string>,
    message: string,
    more: (hostname: string) => Readonly<Record<string, unknown>>
  ): Effect.Effect<void> =>
    Effect.forEach(hostnames, (hostname) => tell(message, { place: names.title, hostname, ...more(hostname) }), {
      discard: true
    })

  const change = Effect.fnUntraced(function*(changes: ReadonlyArray<NameChange>, before: NamesThere) {
    if (changes.length === 0) return
    // Where that fails nothing is known of the outcome.
    there = null
    const refused = new Map((yield* names.change(changes)).map(({ hostname, reason }) => [hostname, reason]))
    const made = changes.filter(({ hostname }) => !refused.has(hostname))
    if (refused.size === 0) there = withChanges(before, made)
    yield* tellAll(refused.keys(), "A hostname's record can't be changed; it is tried again", (hostname) => ({
      reason: refused.get(hostname)
    }))
    if (made.length === 0) return
    yield* Effect.logInfo("Hostnames are kept").pipe(
      Effect.annotateLogs({
        place: names.title,
        kept: made.filter(({ after }) => after !== null).length,
        removed: made.filter(({ after }) => after === null).length
      })
    )
  })

  return {
    title: names.title,
    isEmpty: () => there !== null && [...there.values()].every(({ owner }) => owner !== "us"),
    settle: Effect.fnUntraced(function*(wanted, addresses, now) {
      const within = domain ?? (yield* names.domain)
      domain = within
      if (there === null || now - listedAt >= refreshMillis) {
        there = yield* names.list
        listedAt = now
      }
      const before = there
      const { changes, outside, taken, unmarked } = diffNames(wanted, before, within, adopts)
      yield* tellAll(taken, "A hostname is somebody else's: its record isn't touched", (hostname) => {
        const hint = adoptionHint(before.get(hostname))
        return { address: wanted.get(hostname), ...(hint === undefined ? {} : { hint }) }
      })
      yield* tellAll(outside, "A hostname isn't of the domain that it is to be kept in", () => ({ domain: within }))
      const rows = new Map(unmarked.size === 0 ? [] : addresses.map((row) => [row.name, row]))
      const adoption = adoptNames(unmarked, wanted, rows, mayHave)
      yield* change([...changes, ...adoption.changes], before)
      return adoption.claims
    })
  }
}
