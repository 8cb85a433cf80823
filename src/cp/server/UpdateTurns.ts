/**
 * In which order, and when, connected proxies are brought up to date. What is quick (other endpoints, another
 * certificate) goes before what is slow (translations, a newcomer's first one too: of many who come at once most have
 * told what they are by then), each in the order in which they came, and nothing holds the event loop for longer than a
 * turn. The first change is worked on at once. Those that follow wait for as long as that took, so that a storm of
 * changes becomes a few rounds and leaves half of the time to everything else.
 * What nobody is in want of (more endpoints where there are some) waits longer, and longest while there is more to do
 * than there is time, so that of a mesh that starts as a whole each proxy hears a few times, and not of every other one.
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
  /** Whether there was hardly a moment without work since this was asked last. */
  readonly isBusy: () => boolean
}

/** What else is due comes between two turns of this many milliseconds. */
const TURN_MILLIS = 10

/** The longest that a change waits because of one before it. */
const REST_MILLIS = 10

/** The longest that what nobody is in want of waits because of such before it, and how many times as long as that took. */
const LAZY_REST_MILLIS = 500
const LAZY_RESTS = 9

/** How much longer it waits where there is no end of work, and how often that is looked at. */
const BUSY_REST_MILLIS = 3_000
const BUSY_LOOK_MILLIS = 100

/** Of the event loop's time. */
const BUSY = 0.8

const eventLoop = (): TurnsClock => {
  let asked = performance.eventLoopUtilization()
  return {
    now: () => performance.now(),
    schedule: (run, millis) => {
      if (millis > 0) {
        const timer = setTimeout(run, millis)
        return () => clearTimeout(timer)
      }
      const immediate = setImmediate(run)
      return () => clearImmediate(immediate)
    },
    isBusy: () => {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, asked)
      asked = now
      return utilization > BUSY
    }
  }
}

export class UpdateTurns<P> {
  readonly #options: UpdateTurnsOptions<P>
  readonly #clock: TurnsClock
  readonly #quick = new Map<P, number>()
  readonly #slow = new Map<P, number>()
  readonly #lazy = new Map<P, number>()
  #next: { readonly cancel: () => void; readonly isLazy: boolean } | null = null
  #isWorking = false
  /** By the clock, as the next. */
  #restsUntil = 0
  #lazyUntil = 0
  /** Milliseconds of work on what nobody is in want of, in this round. */
  #lazyTook = 0

  constructor(options: UpdateTurnsOptions<P>) {
    this.#options = options
    this.#clock = options.clock ?? eventLoop()
  }

  /** To be updated in a turn that is still to come. Who waits already keeps its place. */
  addQuick(proxy: P, at: number): void {
    this.#quick.set(proxy, this.#quick.get(proxy) ?? this.#takeLazy(proxy) ?? at)
  }

  addSlow(proxy: P, at: number): void {
    this.#slow.set(proxy, this.#slow.get(proxy) ?? this.#takeLazy(proxy) ?? at)
  }

  /** As `addQuick`, but nobody is in want of it: it goes along with whatever else comes for the proxy. */
  addLazy(proxy: P, at: number): void {
    if (this.#quick.has(proxy) || this.#slow.has(proxy)) return
    this.#lazy.set(proxy, this.#lazy.get(proxy) ?? at)
  }

  /** Whether it waits to be translated. */
  isSlow(proxy: P): boolean {
    return this.#slow.has(proxy)
  }

  remove(proxy: P): void {
    this.#quick.delete(proxy)
    this.#slow.delete(proxy)
    this.#lazy.delete(proxy)
  }

  /** Takes the first turn at once, unless it has to rest. */
  begin(): void {
    this.#plan(true)
  }

  /** Takes the first turn once whatever runs now is done. */
  beginSoon(): void {
    this.#plan(false)
  }

  stop(): void {
    this.#quick.clear()
    this.#slow.clear()
    this.#lazy.clear()
    this.#cancelNext()
  }

  #takeLazy(proxy: P): number | undefined {
    const at = this.#lazy.get(proxy)
    this.#lazy.delete(proxy)
    return at
  }

  #cancelNext(): void {
    this.#next?.cancel()
    this.#next = null
  }

  #isDone(): boolean {
    return this.#quick.size === 0 && this.#slow.size === 0
  }

  #plan(atOnce: boolean): void {
    const isLazy = this.#isDone()
    if (this.#isWorking || (isLazy && this.#lazy.size === 0)) return
    // A turn that is to come serves this as well, but for one that only comes for what nobody is in want of.
    if (this.#next !== null && (isLazy || !this.#next.isLazy)) return
    this.#cancelNext()
    const rest = Math.max(this.#restsUntil, isLazy ? this.#lazyUntil : 0) - this.#clock.now()
    if (atOnce && rest <= 0) this.#work(isLazy)
    else this.#goOn(Math.max(0, rest), isLazy)
  }

  #goOn(millis: number, isLazy: boolean): void {
    const cancel = this.#clock.schedule(() => {
      this.#next = null
      if (isLazy && !this.#isLazyDue()) this.#goOn(BUSY_LOOK_MILLIS, true)
      else this.#work(isLazy)
    }, millis)
    this.#next = { cancel, isLazy }
  }

  /** Once it is begun it is gone on with. */
  #isLazyDue(): boolean {
    return this.#lazyTook > 0 || this.#clock.now() >= this.#lazyUntil + BUSY_REST_MILLIS || !this.#clock.isBusy()
  }

  #work(isLazy: boolean): void {
    const began = this.#clock.now()
    const isOver = (): boolean => this.#clock.now() - began >= TURN_MILLIS
    this.#isWorking = true
    try {
      // One of each in every turn: where the others take all of it, it would have none of its own.
      do take(this.#quick, this.#options.update)
      while (this.#quick.size > 0 && !isOver())
      do take(this.#slow, this.#options.translate)
      while (this.#quick.size === 0 && this.#slow.size > 0 && !isOver())
      if (isLazy) this.#workLazily(isOver)
    } finally {
      this.#isWorking = false
      const ended = this.#clock.now()
      const goesOn = isLazy && this.#lazy.size > 0
      if (!this.#isDone() || goesOn) this.#goOn(0, goesOn)
      else {
        this.#restsUntil = ended + Math.min(REST_MILLIS, ended - began)
        this.#plan(false)
      }
    }
  }

  #workLazily(isOver: () => boolean): void {
    const began = this.#clock.now()
    do take(this.#lazy, this.#options.update)
    while (this.#isDone() && this.#lazy.size > 0 && !isOver())
    const ended = this.#clock.now()
    this.#lazyTook += ended - began
    if (this.#lazy.size > 0) return
    this.#lazyUntil = ended + Math.min(LAZY_REST_MILLIS, LAZY_RESTS * this.#lazyTook)
    this.#lazyTook = 0
  }
}

const take = <P>(from: Map<P, number>, run: (proxy: P, at: number) => void): void => {
  for (const [proxy, at] of from) {
    from.delete(proxy)
    return run(proxy, at)
  }
}
