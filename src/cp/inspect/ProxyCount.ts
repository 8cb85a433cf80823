/** How many proxies are in which state. Written as protobuf's JSON has it: what is 0 is left out. */
import type { ProxyStatus } from "./proxyStatus.ts"

export class ProxyCount {
  online = 0
  offline = 0
  partiallyDegraded = 0

  add(status: ProxyStatus): void {
    this[status] += 1
  }

  addAll(other: ProxyCount): void {
    this.online += other.online
    this.offline += other.offline
    this.partiallyDegraded += other.partiallyDegraded
  }

  get total(): number {
    return this.online + this.offline + this.partiallyDegraded
  }

  toJSON(): Readonly<Record<string, number>> {
    const { offline, online, partiallyDegraded, total } = this
    return withoutZeros({ total, online, offline, partiallyDegraded })
  }

  /** Zeros and all, as newer answers have it. */
  get full(): Readonly<Record<string, number>> {
    const { offline, online, partiallyDegraded, total } = this
    return { offline, online, partiallyDegraded, total }
  }
}

export const withoutZeros = <N extends Readonly<Record<string, number>>>(counts: N): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0))

/** Counts by whatever they are counted by. */
export class ProxyCounts {
  readonly #counts = new Map<string, ProxyCount>()

  add(key: string, status: ProxyStatus): void {
    const count = this.#counts.get(key) ?? new ProxyCount()
    this.#counts.set(key, count)
    count.add(status)
  }

  /** Undefined where nothing was counted. */
  toJSON(): Readonly<Record<string, ProxyCount>> | undefined {
    const sorted = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))
    return sorted.length === 0 ? undefined : Object.fromEntries(sorted)
  }
}
