/** What a replay tells, in order. */
import type { Difference } from "./differences.ts"

export type Step =
  /** An event that came, and what it says. */
  | {
      readonly _tag: "Event"
      readonly place: string
      readonly seq: number
      readonly time: string
      readonly key: string
      readonly what: string
    }
  | {
      readonly _tag: "Decision"
      readonly place: string
      readonly seq: number
      readonly time: string
      readonly key: string
      readonly from: string | null
      readonly to: string
      readonly why: string
      /** What the desired resource changes of the one that was stored. */
      readonly changes: ReadonlyArray<Difference>
    }
  /** Something that isn't as it could be, and is no difference: a torn line, what isn't known. */
  | { readonly _tag: "Note"; readonly place: string; readonly text: string }
  /** What was recorded isn't what today's code makes of it, or isn't what was recorded any more. */
  | {
      readonly _tag: "Difference"
      readonly place: string
      /** Null where the line doesn't tell it. */
      readonly seq: number | null
      readonly time: string | null
      readonly key: string
      /** `event`, `observation`, `decision` or `line`. */
      readonly kind: string
      readonly field: string
      readonly recorded: unknown
      readonly replayed: unknown
    }
