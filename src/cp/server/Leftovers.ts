/**
 * Finds what proxies brought and nobody will remove: they left right before the control plane did, or while none of its
 * replicas ran, or with one that died. Receives what is stored and who is here; says what may go, never removes.
 *
 * A living proxy's removal would be worse than a dead one's endpoint. So whatever may be anywhere stays: what is
 * connected here, what another replica said less than SILENT ago that it has, and what changed within GRACE.
 */
import type { ProxyId } from "../../model/ProxyType.ts"
import type { Resource } from "../../model/Resource.ts"
import type { InsightType } from "../insight/Insights.ts"

/**
 * For which nothing of it may change: after a restart everybody comes back within a minute or two, however many there
 * are. Counted from when this replica first saw it so: whoever starts gives everybody all of that.
 */
export const GRACE_MILLIS = 10 * 60_000

/** Replicas speak of their streams every 20 minutes at the latest (Insights): whoever missed that thrice is no more. */
export const SILENT_MILLIS = 60 * 60_000

export interface Stored {
  readonly proxy: ProxyId
  readonly resource: Resource
  /** Null: nothing is known of its streams. */
  readonly insight: Resource<InsightType> | null
}

export interface LeftoversOptions {
  readonly instanceId: string
  readonly graceMillis: number
  readonly silentMillis: number
}

interface Noticed {
  readonly version: number
  readonly insight: number | null
  /** Unix milliseconds, by this replica's clock. */
  readonly since: number
}

export class Leftovers {
  readonly #options: LeftoversOptions
  /** By proxy. */
  #noticed = new Map<string, Noticed>()

  constructor(options: LeftoversOptions) {
    this.#options = options
  }

  /** `stored`: all that was brought and isn't here, by proxy. Answers those that may go. */
  look(stored: ReadonlyMap<string, Stored>, now: number): ReadonlyArray<Stored> {
    const noticed = new Map<string, Noticed>()
    const over: Array<Stored> = []
    for (const [key, one] of stored) {
      if (!this.#isNowhere(one, now)) continue
      const is = { version: one.resource.version, insight: one.insight?.version ?? null }
      const was = this.#noticed.get(key)
      const since = was?.version === is.version && was.insight === is.insight ? was.since : now
      noticed.set(key, { ...is, since })
      if (now - since >= this.#options.graceMillis) over.push(one)
    }
    this.#noticed = noticed
    return over
  }

  /** What may have been said meanwhile couldn't be heard: everybody has the grace anew. */
  beginAnew(): void {
    this.#noticed = new Map()
  }

  #isNowhere({ insight }: Stored, now: number): boolean {
    const open = insight?.spec.subscriptions.filter(({ disconnectTime }) => disconnectTime === undefined) ?? []
    if (insight === null || open.length === 0) return true
    // What this replica has yet to write of its own.
    if (open.some(({ controlPlaneInstanceId }) => controlPlaneInstanceId === this.#options.instanceId)) return false
    return now - Date.parse(insight.modificationTime) >= this.#options.silentMillis
  }
}
