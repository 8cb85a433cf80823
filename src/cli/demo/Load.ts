/** Requests sent to the demo's front door, counted: how many were answered, and what the others came to. */

export interface LoadResult {
  readonly sent: number
  readonly answered: number
  /** Each failed request: when (Unix milliseconds) and why. */
  readonly failures: ReadonlyArray<{ readonly at: number; readonly why: string }>
  /** Milliseconds, ascending. */
  readonly durations: ReadonlyArray<number>
}

/** Counting up, which must not be done twice, or asking for the count. */
type Method = "POST" | "GET"

export interface LoadOptions {
  readonly concurrency: number
  readonly pauseMillis: number
  /** Default POST. */
  readonly method?: Method
}

const TIMEOUT_MILLIS = 10_000

/** How often it is looked whether a round is over. */
const LOOK_MILLIS = 5

/** Sends one; null where it was answered with 200. */
const send = async (url: string, method: Method): Promise<string | null> => {
  try {
    const answer = await fetch(url, { method, signal: AbortSignal.timeout(TIMEOUT_MILLIS) })
    const body = await answer.text()
    return answer.status === 200 ? null : `${answer.status} ${body.trim().slice(0, 200)}`
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ""
    return `${error}${cause}`
  }
}

/** A load under way: one request after the other on each of `concurrency` lanes, until `finish`. */
export class Load {
  readonly #url: string
  readonly #method: Method
  readonly #lanes: ReadonlyArray<Promise<void>>
  /** How many requests of each lane have ended. */
  readonly #ended: Array<number>
  readonly #durations: Array<number> = []
  readonly #failures: Array<{ readonly at: number; readonly why: string }> = []
  #going = true

  constructor(url: string, options: LoadOptions) {
    this.#url = url
    this.#method = options.method ?? "POST"
    this.#ended = new Array<number>(options.concurrency).fill(0)
    this.#lanes = this.#ended.map(async (_, lane) => {
      while (this.#going) {
        await this.#one()
        this.#ended[lane] = (this.#ended[lane] ?? 0) + 1
        await new Promise((resolve) => setTimeout(resolve, options.pauseMillis))
      }
    })
  }

  /** Waits until each lane has ended a request, well or badly, that it began since: there was load all the while. */
  async anotherRound(): Promise<void> {
    // The first to end may have begun before.
    const goals = this.#ended.map((ended) => ended + 2)
    while (goals.some((goal, lane) => (this.#ended[lane] ?? 0) < goal)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MILLIS))
    }
  }

  /** Lets the requests under way end, and counts. */
  async finish(): Promise<LoadResult> {
    this.#going = false
    await Promise.all(this.#lanes)
    return this.#result()
  }

  /** Sends a fixed number, one after the other. */
  static async send(url: string, count: number): Promise<LoadResult> {
    const load = new Load(url, { concurrency: 0, pauseMillis: 0 })
    for (let sent = 0; sent < count; sent += 1) await load.#one()
    return load.#result()
  }

  async #one(): Promise<void> {
    const start = performance.now()
    const why = await send(this.#url, this.#method)
    if (why === null) this.#durations.push(performance.now() - start)
    else this.#failures.push({ at: Date.now(), why })
  }

  #result(): LoadResult {
    return {
      sent: this.#durations.length + this.#failures.length,
      answered: this.#durations.length,
      failures: [...this.#failures],
      durations: this.#durations.toSorted((a, b) => a - b)
    }
  }
}
