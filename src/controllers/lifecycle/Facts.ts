/** One look at a task, boiled down to what its phase depends on. */
export interface Facts {
  /** ECS doesn't know the task any more, or it has stopped. */
  readonly gone: boolean
  /** ECS wants it stopped, or it is on its way there. There is no way back. */
  readonly stopping: boolean
  /** Where it is reached is known. */
  readonly located: boolean
  /** Whether its role may be what it wants to be; `unknown` while IAM doesn't answer. */
  readonly verdict: "unknown" | "accepted" | "refused"
  /** The store holds its proxy's resource. */
  readonly stored: boolean
}

export const nothingKnown: Facts = {
  gone: false,
  stopping: false,
  located: false,
  verdict: "unknown",
  stored: false
}
