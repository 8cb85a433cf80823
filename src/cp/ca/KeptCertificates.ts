/**
 * The certificates that proxies were given, by mesh and proxy, in memory only. Those of proxies that left are kept for
 * a while: a proxy that comes back with a storm of others is served the one that it has. Whether one may still be
 * served is for its reader to say.
 */
import { Semaphore } from "effect"
import type { WorkloadCertificate } from "./CertificateAuthority.ts"
import type { SigningAuthority } from "./SigningAuthority.ts"

/** Longer than a control plane's restart or a network's outage makes proxies come back. */
export const KEPT_MILLIS = 10 * 60_000
/** Of proxies that left, 2 KB each. */
export const KEPT_MOST = 5_000

export interface Issued {
  readonly certificate: WorkloadCertificate
  /** The very object that signed: a changed CA is another. */
  readonly authority: SigningAuthority
  /** Names, lifetime and backend that it was issued for. */
  readonly terms: string
}

/** A proxy's place: whoever finds nothing valid in it issues under the lock, one at a time. */
export interface Place {
  readonly lock: Semaphore.Semaphore
  issued: Issued | undefined
}

export class KeptCertificates {
  readonly #places = new Map<string, Place>()
  /** When each of those that left did, the first to leave first. */
  readonly #left = new Map<string, number>()

  /** For a proxy that is there. */
  place(mesh: string, proxy: string): Place {
    const id = idOf(mesh, proxy)
    this.#left.delete(id)
    const place = this.#places.get(id) ?? { lock: Semaphore.makeUnsafe(1), issued: undefined }
    this.#places.set(id, place)
    return place
  }

  /** `now`: Unix milliseconds. */
  leave(mesh: string, proxy: string, now: number): void {
    const id = idOf(mesh, proxy)
    if (!this.#places.has(id)) return
    this.#left.delete(id)
    this.#left.set(id, now)
    this.dropOld(now)
  }

  /** Answers when the next is due, or null: nobody left. */
  dropOld(now: number): number | null {
    for (const [id, leftAt] of this.#left) {
      if (this.#left.size <= KEPT_MOST && now < leftAt + KEPT_MILLIS) return leftAt + KEPT_MILLIS
      this.#left.delete(id)
      this.#places.delete(id)
    }
    return null
  }

  get size(): number {
    return this.#places.size
  }
}

const idOf = (mesh: string, proxy: string): string => `${mesh}/${proxy}`
