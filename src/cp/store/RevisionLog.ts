/**
 * The changes of the database in the order of their revisions, put together from two sources: what the database
 * notifies of (every replica's, by key alone) and what this process's own statements were answered (with what they
 * wrote, which then nobody has to read). Both tell the same changes; each is passed on once. Pure but for its state.
 *
 * Revisions have no gaps and follow the order of commits, and so do notifications: one that leaves a gap says that
 * another was missed. An own answer may be ahead of notifications that are still on their way, and waits for them; a
 * notification of an own commit may be ahead of its answer, and is held back a moment with all that follow it.
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

interface Notification {
  readonly payload: string
  /** Its last revision. */
  readonly last: number
  readonly session: number
}

interface Own {
  readonly last: number
  readonly changes: ReadonlyArray<Change>
}

export class RevisionLog {
  /** All up to this one is told. Null: not connected, nothing is told. */
  #seen: number | null = null
  /** Own answers that wait for what comes before them, by their first revision. */
  readonly #ahead = new Map<number, Own>()

  /** Sessions of the database in which a statement of ours is under way. */
  readonly #writing = new Set<number>()
  /** Notifications that wait for the answer to the first of them, in order. */
  #held: Array<Notification> = []

  get seen(): number | null {
    return this.#seen
  }

  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /** From now on; what was committed until then is the business of whoever connects. */
  connected(revision: number): void {
    this.#seen = revision
    this.#ahead.clear()
    this.#held = []
  }

  disconnected(): void {
    this.#seen = null
    this.#ahead.clear()
    this.#held = []
  }

  /** A notification of a commit of this session of the database came; what it makes known. */
  notified(payload: string, session: number): ReadonlyArray<Change> {
    if (this.#seen === null) return []
    const last = lastOf(payload)
    // Told already: by an own answer, or by a reading of everything that came later than its commit.
    if (last <= this.#seen) return []
    this.#held.push({ payload, last, session })
    return this.#hear((held) => this.#writing.has(held.session))
  }

  /** A statement is sent that may write. */
  writing(session: number): void {
    this.#writing.add(session)
  }

  /** It is over, also where no answer came. */
  ended(session: number): ReadonlyArray<Change> {
    this.#writing.delete(session)
    return this.#hear((held) => this.#writing.has(held.session))
  }

  /** What is held is told as it stands: the answer is too long in coming. */
  release(): ReadonlyArray<Change> {
    return this.#hear(() => false)
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

  #hear(isAwaited: (held: Notification) => boolean): ReadonlyArray<Change> {
    const told: Array<Change> = []
    for (let next = this.#held[0]; next !== undefined && !isAwaited(next); next = this.#held[0]) {
      this.#held.shift()
      told.push(...this.#read(next))
    }
    return told
  }

  #read({ last, payload }: Notification): ReadonlyArray<Change> {
    if (this.#seen === null || last <= this.#seen) return []
    if (Number.isNaN(last)) return [RESYNCED]
    const [, ...keys] = Option.getOrElse(decodePayload(payload), () => [last] as const)
    const first = last - keys.length + 1
    const missed = keys.length === 0 || first > this.#seen + 1
    this.#seen = last
    return [...(missed ? [RESYNCED] : keys.map((key, index) => toChange(key, first + index))), ...this.#catchUp()]
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
