/**
 * Clients that have what there is and wait for another. A change answers those whom it concerns, at once; the others go
 * on waiting until their time is over. Nothing is looked at while nothing changes, and of those who wait for certain
 * Dataplanes only who waits for one that changed.
 */
import { PlacesOfEach } from "../door/PlacesOfEach.ts"
import type { Assignments, Changed, Told } from "./Assignments.ts"
import type { DiscoveryRequest } from "./discoveryRequest.ts"

/** Null: nothing changed. */
type Answer = (told: Told | null) => void

interface Poll {
  readonly request: DiscoveryRequest
  readonly answer: Answer
  readonly patience: NodeJS.Timeout
  readonly leave: () => void
}

export interface PollsOptions {
  /** So many wait at once, at the most. */
  readonly most: number
  /** So many of these of one address. A connection may bring many requests before the first is answered. */
  readonly mostOfOne: number
}

const concerns = ({ request: { names } }: Poll, changed: Changed): boolean => {
  if (names.size === 0 || changed === "all") return true
  const [fewer, more] = names.size < changed.size ? [names, changed] : [changed, names]
  for (const name of fewer) if (more.has(name)) return true
  return false
}

export class Polls {
  readonly #assignments: Assignments
  readonly #most: number
  readonly #places: PlacesOfEach
  readonly #waiting = new Set<Poll>()

  constructor(assignments: Assignments, { most, mostOfOne }: PollsOptions) {
    this.#assignments = assignments
    this.#most = most
    this.#places = new PlacesOfEach(mostOfOne)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Answers how to give up, or undefined where too many wait already; an answer may come before it returns. */
  ask(request: DiscoveryRequest, waitMillis: number, address: string, answer: Answer): (() => void) | undefined {
    const told = this.#told(request)
    if (told.version !== request.version || waitMillis <= 0) {
      answer(told.version === request.version ? null : told)
      return () => {}
    }
    const leave = this.#waiting.size < this.#most ? this.#places.take(address) : null
    if (leave === null) return undefined
    const patience = setTimeout(() => {
      this.#end(poll)
      answer(null)
    }, waitMillis).unref()
    const poll: Poll = { request, answer, patience, leave }
    this.#waiting.add(poll)
    return () => this.#end(poll)
  }

  /** Something is told otherwise. */
  wake(changed: Changed): void {
    for (const poll of this.#waiting) {
      if (!concerns(poll, changed)) continue
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
    poll.leave()
    this.#waiting.delete(poll)
  }
}
