/** Asks the control plane for a bootstrap: once (`ask`), or until it gives one (`obtain`). */
import { waitMillis } from "./backoffMillis.ts"
import { explainFailure } from "./explainFailure.ts"
import { judgeAnswer, type Outcome } from "./judgeAnswer.ts"
import type { Log } from "./Log.ts"
import { request } from "./request.ts"
import type { SidecarConfig } from "./SidecarConfig.ts"
import { sleep } from "./sleep.ts"

/** Body of the request as JSON, made anew for each try: it holds a token that ages. */
export type MakeBody = () => Promise<string>

const REMIND_MILLIS = 60_000
const ASK_TIMEOUT_MILLIS = 10_000

export class ControlPlaneClient {
  readonly #settings: SidecarConfig["controlPlane"]
  readonly #makeBody: MakeBody
  readonly #log: Log
  /** When each distinct reason was last told. */
  readonly #told = new Map<string, number>()

  constructor(settings: SidecarConfig["controlPlane"], makeBody: MakeBody, log: Log) {
    this.#settings = settings
    this.#makeBody = makeBody
    this.#log = log
  }

  get address(): string {
    return this.#settings.url.host
  }

  /** One try. Whatever goes wrong is an outcome with its reason. */
  async ask(): Promise<Outcome> {
    let body: string
    try {
      body = await this.#makeBody()
    } catch (error) {
      const reason = `the request could not be made: ${error instanceof Error ? error.message : String(error)}`
      return { kind: "unavailable", reason, retryAfterMillis: null }
    }
    try {
      const answer = await request({
        url: new URL("/bootstrap", this.#settings.url),
        method: "POST",
        headers: { accept: "application/json", "content-type": "application/json" },
        body,
        timeoutMillis: ASK_TIMEOUT_MILLIS,
        ca: this.#settings.caCert,
        tlsSkipVerify: this.#settings.tlsSkipVerify
      })
      return judgeAnswer(answer, Date.now())
    } catch (error) {
      return { kind: "unavailable", reason: explainFailure(error), retryAfterMillis: null }
    }
  }

  /** Tells why there is no bootstrap: a new reason at once, one that stays each minute. */
  tell(outcome: Exclude<Outcome, { readonly kind: "bootstrap" }>): void {
    const text = this.#describe(outcome)
    const now = Date.now()
    const last = this.#told.get(text)
    if (last !== undefined && now - last < REMIND_MILLIS) return
    for (const [reason, at] of this.#told) if (now - at > 10 * REMIND_MILLIS) this.#told.delete(reason)
    this.#told.set(text, now)
    const fields = { controlPlane: this.address, ...(last === undefined ? {} : { still: true }) }
    if (outcome.kind === "unavailable") this.#log.warn(text, fields)
    else this.#log.error(text, { ...fields, ...(outcome.kind === "refused" ? { reason: outcome.reason } : {}) })
  }

  /** After success the next failure is news again. */
  forgetReasons(): void {
    this.#told.clear()
  }

  /** The first bootstrap, or the outcome that ends the search: invalid, given up, or aborted (null). */
  async obtain(signal: AbortSignal): Promise<Outcome | null> {
    const giveUpAt = Date.now() + this.#settings.retryMaxMillis
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.ask()
      if (signal.aborted) return null
      if (outcome.kind === "bootstrap") {
        this.forgetReasons()
        return outcome
      }
      this.tell(outcome)
      const retryAfterMillis = outcome.kind === "unavailable" ? outcome.retryAfterMillis : null
      const wait = waitMillis(attempt, this.#settings.retryBackoffMillis, Math.random(), retryAfterMillis)
      if (outcome.kind === "invalid" || Date.now() + wait > giveUpAt) return outcome
      await sleep(wait, signal)
      if (signal.aborted) return null
    }
  }

  #describe(outcome: Exclude<Outcome, { readonly kind: "bootstrap" }>): string {
    switch (outcome.kind) {
      case "refused":
        return `This task is refused: ${outcome.detail}`
      case "invalid":
        return `The control plane finds this task's request invalid: ${outcome.causes.join("; ")}`
      case "unavailable":
        return `The control plane can't be used yet: ${outcome.reason}`
    }
  }
}
