/** The four ways in which looking after a key ends. */
export type Outcome =
  /** All is as it should be until something wakes the key. */
  | { readonly _tag: "Done" }
  /** Look again at this time (Unix milliseconds), unless something wakes the key before. */
  | { readonly _tag: "WakeAt"; readonly at: number }
  /** The world didn't let us: again, after a backoff. */
  | { readonly _tag: "Retry"; readonly reason: string }
  /** Somebody has to change something first; a condition says what. Not tried again by itself. */
  | { readonly _tag: "Terminal"; readonly reason: string }

export const done: Outcome = { _tag: "Done" }
export const wakeAt = (at: number): Outcome => ({ _tag: "WakeAt", at })
export const retry = (reason: string): Outcome => ({ _tag: "Retry", reason })
export const terminal = (reason: string): Outcome => ({ _tag: "Terminal", reason })
