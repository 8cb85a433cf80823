/**
 * Which services have lost endpoints of late. Whoever calls one of these wants each new endpoint at once; of all others
 * a new one may wait, as callers have all that they had.
 */
import { hasGrown, hasLost, type ServiceChange } from "../snapshot/Impact.ts"
import { serviceKey } from "../xds/Dependents.ts"

/** As long as tasks that were lost take to be replaced. */
const REMEMBERED_MILLIS = 5 * 60_000

export class Shortages {
  /** By service, in the order of their last losses: Unix milliseconds. */
  readonly #lost = new Map<string, number>()

  /** Takes in what changed at this Unix millisecond. Answers the services of which nobody is in want. */
  take(changes: ReadonlyArray<ServiceChange>, at: number): ReadonlySet<string> {
    for (const [key, since] of this.#lost) {
      if (since > at - REMEMBERED_MILLIS) break
      this.#lost.delete(key)
    }
    const grown = new Set<string>()
    for (const change of changes) {
      const key = serviceKey({ mesh: change.mesh, service: change.name })
      if (hasGrown(change)) {
        if (!this.#lost.has(key)) grown.add(key)
      } else if (hasLost(change)) {
        this.#lost.delete(key)
        this.#lost.set(key, at)
      }
    }
    return grown
  }
}
