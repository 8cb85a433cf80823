/**
 * In which order, and when, connected proxies are brought up to date. What is quick (other endpoints, another
 * certificate, a newcomer) goes before what is slow (translations), each in the order in which they came, and nothing
 * holds the event loop for longer than a turn. The first change is worked on at once. Those that follow wait for as
 * long as that took, so that a storm of changes becomes a few rounds and leaves half of the time to everything else.
 */
export interface UpdateTurnsOptions<P> {
  /** Does at once what is quick. `at`: Unix milliseconds of the oldest change in it. */
  readonly update: (proxy: P, at: number) => void
  readonly translate: (proxy: P, at: number) => void
  /** The event loop's own where there is none. */
  readonly clock?: TurnsClock
}

export interface TurnsClock {
  /** Milliseconds since some moment. */
  readonly now: () => number
  /** Answers how to cancel it. 0 milliseconds: once whatever runs now is done. */
  readonly schedule: (run: () => void, millis: number) => () => void
}

/** What else is due comes between two turns of this many milliseconds. */
const TURN_MILLIS = 10

/** The longest that a change waits because of one before it. */
const REST_MILLIS = 10

const eventLoop: TurnsClock = {
  now: () => performance.now(),
  schedule: (run, millis) => {
    if (millis > 0) {
      const timer = setTimeout(run, millis)
      return () => clearTimeout(timer)
    }
    const immediate = setImmediate(run)
    return () => clearImmediate(immediate)
  }
}

export class UpdateTurns<P> {
  readonly #options: UpdateTurnsOptions<P>
  readonly #clock: TurnsClock
  readonly #quick = new Map<P, number>()
  readonly #slow = new Map<P, number>()
  #cancelNext: (() => void) | null = null
  #isWorking = false
  /** By the clock. */
  #restsUntil = 0

  constructor(options: UpdateTurnsOptions<P>) {
    this.#options = options
    this.#clock = options.clock ?? eventLoop
  }

  /** To be updated in a turn that is still to come. Who waits already keeps its place. */
  addQuick(proxy: P, at: number): void {
    this.#quick.set(proxy, this.#quick.get(proxy) ?? at)
  }

  addSlow(proxy: P, at: number): void {
    this.#slow.set(proxy, this.#slow.get(proxy) ?? at)
  }

  /** Whether it waits to be translated. */
  isSlow(proxy: P): boolean {
    return this.#slow.has(proxy)
  }

  remove(proxy: P): void {
    this.#quick.delete(proxy)
    this.#slow.delete(proxy)
  }

  /** Takes the first turn at once, unless it has to rest. */
  begin(): void {
    if (this.#isWorking || this.#cancelNext !== null || this.#isDone()) return
    const rest = this.#restsUntil - this.#clock.now()
    if (rest > 0) this.#goOn(rest)
    else this.#work()
  }

  /** Takes the first turn once whatever runs now is done. */
  beginSoon(): void {
    if (this.#isWorking || this.#cancelNext !== null || this.#isDone()) return
    this.#goOn(Math.max(0, this.#restsUntil - this.#clock.now()))
  }

  stop(): void {
    this.#quick.clear()
    this.#slow.clear()
    this.#cancelNext?.()
    this.#cancelNext = null
  }

  #isDone(): boolean {
    return this.#quick.size === 0 && this.#slow.size === 0
  }

  #goOn(millis: number): void {
    this.#cancelNext = this.#clock.schedule(() => {
      this.#cancelNext = null
      this.#work()
    }, millis)
  }

  #work(): void {
    const began = this.#clock.now()
    const isOver = (): boolean => this.#clock.now() - began >= TURN_MILLIS
    this.#isWorking = true
    try {
      // One of each in every turn: where the others take all of it, it would have none of its own.
      do take(this.#quick, this.#options.update)
      while (this.#quick.size > 0 && !isOver())
      do take(this.#slow, this.#options.translate)
      while (this.#quick.size === 0 && this.#slow.size > 0 && !isOver())
    } finally {
      this.#isWorking = false
      const ended = this.#clock.now()
      if (this.#isDone()) this.#restsUntil = ended + Math.min(REST_MILLIS, ended - began)
      else this.#goOn(0)
    }
  }
}

const take = <P>(from: Map<P, number>, run: (proxy: P, at: number) => void): void => {
  for (const [proxy, at] of from) {
    from.delete(proxy)
    return run(proxy, at)
  }
}
