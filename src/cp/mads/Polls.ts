/**
 * Clients that have what there is and wait for another. A change answers those whom it concerns, at once; the others go
 * on waiting until their time is over. Nothing is looked at while nothing changes.
 */
import type { Assignments, Told } from "./Assignments.ts"
import type { DiscoveryRequest } from "./discoveryRequest.ts"

/** Null: nothing changed. */
type Answer = (told: Told | null) => void

interface Poll {
  readonly request: DiscoveryRequest
  readonly answer: Answer
  readonly patience: NodeJS.Timeout
}

export class Polls {
  readonly #assignments: Assignments
  readonly #most: number
  readonly #waiting = new Set<Poll>()

  /** `most`: so many wait at once, at the most. */
  constructor(assignments: Assignments, most: number) {
    this.#assignments = assignments
    this.#most = most
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Answers how to give up, or undefined where too many wait already; an answer may come before it returns. */
  ask(request: DiscoveryRequest, waitMillis: number, answer: Answer): (() => void) | undefined {
    const told = this.#told(request)
    if (told.version !== request.version || waitMillis <= 0) {
      answer(told.version === request.version ? null : told)
      return () => {}
    }
    if (this.#waiting.size >= this.#most) return undefined
    const poll: Poll = {
      request,
      answer,
      patience: setTimeout(() => {
        this.#waiting.delete(poll)
        answer(null)
      }, waitMillis).unref()
    }
    this.#waiting.add(poll)
    return () => this.#end(poll)
  }

  /** Something may be another. */
  wake(): void {
    for (const poll of this.#waiting) {
      const told = this.#told(poll.request)
      if (told.version === poll.request.version) continue
      this.#end(poll)
      poll.answer(told)
    }
  }

  #told({ clientId, names }: DiscoveryRequest): Told {
    return names.size === 0 ? this.#assignments.of(clientId) : this.#assignments.some(clientId, names)
  }

  #end(poll: Poll): void {
    clearTimeout(poll.patience)
    this.#waiting.delete(poll)
  }
}
