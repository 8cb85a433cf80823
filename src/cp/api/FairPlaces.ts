/**
 * Places that are waited for. Callers have turns: one with many waiting delays itself, not the others. Each has a bound,
 * and where all places to wait are taken the one who has most of them gives one up. Who goes away leaves its place.
 */
import { Effect } from "effect"
import { type Refusal, tooMany } from "./Refusal.ts"

export interface FairPlacesOptions {
  /** For the refusal. */
  readonly what: string
  readonly atOnce: number
  /** Of one caller that may wait. */
  readonly mostOfOne: number
  /** Of all callers that may wait. */
  readonly most: number
}

interface Waiter {
  isGranted: boolean
  resume: (answer: Effect.Effect<void, Refusal>) => void
}

const waiter = (): Waiter => ({ isGranted: false, resume: () => undefined })

export class FairPlaces {
  readonly #options: FairPlacesOptions
  #free: number
  /** By caller; whose turn is next comes first. */
  readonly #waiting = new Map<string, Array<Waiter>>()
  #count = 0

  constructor(options: FairPlacesOptions) {
    this.#options = options
    this.#free = options.atOnce
  }

  /** How many wait. */
  get waiting(): number {
    return this.#count
  }

  /** Does the work in a place. Until it has one it may be interrupted, whatever it is part of. */
  use<A, E, R>(caller: string, work: Effect.Effect<A, E, R>): Effect.Effect<A, E | Refusal, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.andThen(
        Effect.suspend(() => this.#place(caller)),
        Effect.ensuring(restore(work), Effect.sync(() => this.#release()))
      ))
  }

  #place(caller: string): Effect.Effect<void, Refusal> {
    if (this.#free > 0) {
      this.#free -= 1
      return Effect.void
    }
    if (!this.#hasRoom(caller)) return Effect.fail(tooMany(this.#options.what))
    const own = waiter()
    return Effect.interruptible(Effect.callback<void, Refusal>((resume) => {
      own.resume = resume
      const ofCaller = this.#waiting.get(caller)
      if (ofCaller === undefined) this.#waiting.set(caller, [own])
      else ofCaller.push(own)
      this.#count += 1
    })).pipe(
      Effect.onInterrupt(() => Effect.sync(() => (own.isGranted ? this.#release() : this.#leave(caller, own))))
    )
  }

  #hasRoom(caller: string): boolean {
    const { most, mostOfOne } = this.#options
    const own = this.#waiting.get(caller)?.length ?? 0
    if (own >= mostOfOne) return false
    if (this.#count < most) return true
    const [longest, theirs] = [...this.#waiting].reduce((a, b) => (b[1].length > a[1].length ? b : a))
    const last = theirs.at(-1)
    if (last === undefined || theirs.length <= own + 1) return false
    this.#leave(longest, last)
    last.resume(Effect.fail(tooMany(this.#options.what)))
    return true
  }

  #leave(caller: string, one: Waiter): void {
    const ofCaller = this.#waiting.get(caller) ?? []
    const index = ofCaller.indexOf(one)
    if (index < 0) return
    ofCaller.splice(index, 1)
    this.#count -= 1
    if (ofCaller.length === 0) this.#waiting.delete(caller)
  }

  /** The place is the next caller's, or free. */
  #release(): void {
    const [first] = this.#waiting
    const next = first?.[1][0]
    if (first === undefined || next === undefined) {
      this.#free += 1
      return
    }
    const [caller, ofCaller] = first
    this.#leave(caller, next)
    // After all others.
    if (this.#waiting.delete(caller)) this.#waiting.set(caller, ofCaller)
    next.isGranted = true
    next.resume(Effect.void)
  }
}
