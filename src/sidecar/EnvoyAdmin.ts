/** The few things that are asked of Envoy's admin interface. https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin */
import { request } from "./request.ts"

/** Values by stat name. */
export type Stats = ReadonlyMap<string, number>

/** `name: number` lines; histograms and texts are left out. */
export const parseStats = (text: string): Stats => {
  const stats = new Map<string, number>()
  for (const line of text.split("\n")) {
    const match = /^(.+): (\d+)$/.exec(line)
    if (match !== null) stats.set(match[1] ?? "", Number(match[2]))
  }
  return stats
}

export class EnvoyAdmin {
  readonly #base: string

  /** `address`: `host:port` as Envoy itself writes it. */
  constructor(address: string) {
    this.#base = `http://${address}`
  }

  /** `/ready` is 200 only in state LIVE: listeners and clusters have their first configuration. */
  async live(): Promise<boolean> {
    return (await this.#call("GET", "/ready")).status === 200
  }

  /** Stats whose name matches the regular expression. */
  async stats(filter: string): Promise<Stats> {
    return parseStats((await this.#call("GET", `/stats?filter=${encodeURIComponent(filter)}`)).body)
  }

  /** Makes `/ready` and health check filters fail, and each answer tell its client to take another connection. */
  async failHealthCheck(): Promise<void> {
    await this.#post("/healthcheck/fail")
  }

  /**
   * "When draining listeners, enter a graceful drain period prior to closing listeners"; with `skip_exit` they
   * stay open after it, so a peer that hasn't heard yet is still answered.
   */
  async drainInbound(): Promise<void> {
    await this.#post("/drain_listeners?inboundonly&graceful&skip_exit")
  }

  async #post(path: string): Promise<void> {
    const { status, body } = await this.#call("POST", path)
    if (status !== 200) throw new Error(`Envoy answered ${status} to ${path}: ${body.slice(0, 200)}`)
  }

  #call(method: "GET" | "POST", path: string) {
    return request({ url: new URL(path, this.#base), method, timeoutMillis: 2_000 })
  }
}
