/**
 * How fast a stream's requests are read. Each costs the event loop that serves everybody, and what a proxy causes it
 * may spend as fast as it likes up to its allowance. Who spends more is read on only once it owes nothing: its peer is
 * held by flow control, and nothing of it is lost. And between the requests of one stream others have their turn.
 */
import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder
} from "@grpc/grpc-js"
import type { Allowance } from "../Allowance.ts"

/** Work of one stream before others have their turn, in units of work.ts. */
const TURN_WORK = 5_000

export class Pace {
  #allowance: Allowance | null = null
  #onSlowed = (): void => {}
  #sinceTurn = 0
  #isHeld = false
  /** What is to be read once nobody holds it. */
  #held: (() => void) | null = null

  /** Whose work it is from now on. `onSlowed`: it owes something and has to wait. */
  follow(allowance: Allowance, onSlowed: () => void): void {
    this.#allowance = allowance
    this.#onSlowed = onSlowed
  }

  spend(units: number, now: number): void {
    this.#sinceTurn += units
    this.#allowance?.spend(units, now)
  }

  /** Nothing further is read until it is released. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    const read = this.#held
    this.#held = null
    if (read !== null) this.go(read)
  }

  /** Reads on as soon as it may. */
  go(read: () => void): void {
    if (this.#isHeld) {
      this.#held = read
      return
    }
    const wait = this.#allowance?.wait(Date.now()) ?? 0
    if (wait > 0) {
      this.#sinceTurn = 0
      this.#onSlowed()
      setTimeout(() => this.go(read), wait).unref()
    } else if (this.#sinceTurn >= TURN_WORK) {
      this.#sinceTurn = 0
      setImmediate(() => this.go(read))
    } else {
      read()
    }
  }
}

/** By what both an interceptor and a call's handler are given. */
const paces = new WeakMap<Metadata, Pace>()

class PacedCall extends ServerInterceptingCall {
  readonly #pace: Pace

  constructor(call: ConstructorParameters<typeof ServerInterceptingCall>[0]) {
    const pace = new Pace()
    const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, next) => {
      paces.set(metadata, pace)
      next(metadata)
    }).build()
    super(call, new ResponderBuilder().withStart((next) => next(listener)).build())
    this.#pace = pace
  }

  override startRead(): void {
    this.#pace.go(() => super.startRead())
  }
}

/** For a server all of whose calls are paced. */
export const pacing: ServerInterceptor = (_, call) => new PacedCall(call)

export const paceOf = ({ metadata }: { readonly metadata: Metadata }): Pace => {
  const pace = paces.get(metadata)
  if (pace === undefined) throw new Error("a call of a server without pacing")
  return pace
}
