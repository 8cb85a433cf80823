import type { Lane } from "../aws/CallLane.ts"

/** The five ways in which looking after a key ends. */
export type Outcome =
  /** All is as it should be until something wakes the key. */
  | { readonly _tag: "Done" }
  /** Look again at this time (Unix milliseconds), unless something wakes the key before. */
  | { readonly _tag: "WakeAt"; readonly at: number; readonly lane: Lane }
  /** Look again every `patience` milliseconds, at `at` say: something may change of which nobody tells. */
  | { readonly _tag: "LookAgain"; readonly at: number; readonly patience: number }
  /** The world didn't let us: again, after a backoff. */
  | { readonly _tag: "Retry"; readonly reason: string }
  /** Somebody has to change something first; a condition says what. Not tried again by itself. */
  | { readonly _tag: "Terminal"; readonly reason: string }

export const done: Outcome = { _tag: "Done" }
export const wakeAt = (at: number, lane: Lane = "bulk"): Outcome => ({ _tag: "WakeAt", at, lane })
export const lookAgain = (at: number, patience: number): Outcome => ({ _tag: "LookAgain", at, patience })
export const retry = (reason: string): Outcome => ({ _tag: "Retry", reason })
export const terminal = (reason: string): Outcome => ({ _tag: "Terminal", reason })
