/**
 * The changes of the database in the order of their revisions, put together from two sources: what the database
 * notifies of (every replica's, by key alone) and what this process's own statements were answered (with what they
 * wrote, which then nobody has to read). Both tell the same changes; each is passed on once. Pure but for its state.
 *
 * Revisions have no gaps and follow the order of commits, and so do notifications: one that leaves a gap says that
 * another was missed. An own answer may be ahead of notifications that are still on their way, and waits for them.
 */
import { Option, Schema } from "effect"
import type { ResourceType } from "../../model/Resource.ts"
import type { Change } from "../../model/Store.ts"

export const RESYNCED: Change = { _tag: "Resynced" }

const Key = Schema.Struct({
  type: Schema.String,
  mesh: Schema.String,
  name: Schema.String,
  gone: Schema.optionalKey(Schema.Literal(true))
})
const decodePayload = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.TupleWithRest(Schema.Tuple([Schema.Number]), [Key]))
)

/** `[last revision, key, ...]`; NaN where it isn't ours. */
const lastOf = (payload: string): number => Number(/^\[(\d+)[,\]]/.exec(payload)?.[1])

const toChange = ({ gone, mesh, name, type }: typeof Key.Type, revision: number): Change => ({
  _tag: "Changed",
  // The store knows no kind: it hands back the type that somebody put.
  key: { type: type as ResourceType, mesh, name },
  revision,
  ...(gone === true ? { after: null } : {})
})

interface Own {
  readonly last: number
  readonly changes: ReadonlyArray<Change>
}

export class RevisionLog {
  /** All up to this one is told. Null: not connected, nothing is told. */
  #seen: number | null = null
  /** Own answers that wait for what comes before them, by their first revision. */
  readonly #ahead = new Map<number, Own>()

  get seen(): number | null {
    return this.#seen
  }

  /** From now on; what was committed until then is the business of whoever connects. */
  connected(revision: number): void {
    this.#seen = revision
    this.#ahead.clear()
  }

  disconnected(): void {
    this.#seen = null
    this.#ahead.clear()
  }

  /** A notification came; what it makes known. */
  notified(payload: string): ReadonlyArray<Change> {
    if (this.#seen === null) return []
    const last = lastOf(payload)
    if (Number.isNaN(last)) return [RESYNCED]
    // Told already: by an own answer, or by a reading of everything that came later than its commit.
    if (last <= this.#seen) return []
    const decoded = decodePayload(payload)
    const [, ...keys] = Option.getOrElse(decoded, () => [last] as const)
    const first = last - keys.length + 1
    const missed = keys.length === 0 || first > this.#seen + 1
    this.#seen = last
    return [...(missed ? [RESYNCED] : keys.map((key, index) => toChange(key, first + index))), ...this.#catchUp()]
  }

  /** A statement of ours committed these changes, the last of them at this revision. */
  written(last: number, changes: ReadonlyArray<Change>): ReadonlyArray<Change> {
    if (this.#seen === null || changes.length === 0) return []
    this.#ahead.set(last - changes.length + 1, { last, changes })
    return this.#catchUp()
  }

  /** Whether this revision, which was committed a good while ago, is news: then something was missed. */
  committed(revision: number): ReadonlyArray<Change> {
    if (this.#seen === null || revision <= this.#seen) return []
    this.#seen = revision
    return [RESYNCED, ...this.#catchUp()]
  }

  #catchUp(): ReadonlyArray<Change> {
    const told: Array<Change> = []
    // What isn't ahead of all that is told was told by its notification.
    for (const first of this.#ahead.keys()) if (this.#seen !== null && first <= this.#seen) this.#ahead.delete(first)
    for (;;) {
      const next = this.#seen === null ? undefined : this.#ahead.get(this.#seen + 1)
      if (next === undefined) return told
      this.#ahead.delete(next.last - next.changes.length + 1)
      this.#seen = next.last
      told.push(...next.changes)
    }
  }
}
