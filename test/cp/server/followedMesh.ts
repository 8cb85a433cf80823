/** A mesh whose proxies are all connected, and counts of what a change does to them. */
import type { Follower } from "../../../src/cp/server/ProxySnapshots.ts"
import { ProxyUpdates } from "../../../src/cp/server/ProxyUpdates.ts"
import { ResourceIndex } from "../../../src/cp/snapshot/ResourceIndex.ts"
import { sharedResources } from "../../../src/cp/xds/share/SharedResources.ts"
import { defaultTranslateSettings, type TranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import type { ProxySnapshot } from "../../../src/cp/xds/XdsResource.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { WrittenCertificates } from "./incremental/WrittenCertificates.ts"

/** Names of the proxies that were translated anew, and of those that were told another snapshot; ordered. */
export interface Consequences {
  readonly translated: ReadonlyArray<string>
  readonly told: ReadonlyArray<string>
}

/** A resource as it is from now on, or one that goes. */
export type Change = Resource | { readonly gone: Resource }

export class FollowedMesh {
  readonly snapshots = new Map<string, ProxySnapshot>()
  readonly failures = new Map<string, string>()
  readonly #cache = new ResourceIndex()
  readonly #certificates = new WrittenCertificates(this.#cache)
  readonly #updates: ProxyUpdates
  readonly #settings: TranslateSettings
  readonly #scheduled = new Set<() => void>()
  /** Milliseconds. */
  #longestWait = 0
  #translated: Array<string> = []
  #told: Array<string> = []
  #writes = 1
  #time = 0

  /** `millis`: what each look at the clock takes. */
  constructor(
    resources: ReadonlyArray<Resource>,
    proxies: ReadonlyArray<ProxyId>,
    millis = 0,
    settings = defaultTranslateSettings
  ) {
    this.#settings = settings
    this.#updates = new ProxyUpdates({
      certificates: this.#certificates,
      report: {
        onTranslation: ({ name }) => this.#translated.push(name),
        onFailure: ({ name }, failure) => this.failures.set(name, failure),
        onCondition: () => {},
        onFault: (_, error) => {
          throw error
        },
        onUnread: (_, error) => {
          throw error
        }
      },
      clock: {
        now: () => (this.#time += millis),
        schedule: (run, millis) => {
          this.#longestWait = Math.max(this.#longestWait, millis)
          this.#scheduled.add(run)
          return () => this.#scheduled.delete(run)
        },
        isBusy: () => false
      }
    })
    for (const resource of resources) this.#cache.set(resource, resource)
    this.#updates.load(resources)
    for (const proxy of proxies) this.#updates.follow(proxy, settings, this.#follower(proxy))
    this.#settle()
  }

  /** One batch of writes, and all that comes of it. */
  write(...changes: ReadonlyArray<Change>): Consequences {
    return this.writeInTurn([changes])
  }

  /** Several batches, each before the first turn that comes after the one before. */
  writeInTurn(batches: ReadonlyArray<ReadonlyArray<Change>>): Consequences {
    this.#translated = []
    this.#told = []
    this.#longestWait = 0
    for (const batch of batches) this.#change(batch)
    this.#settle()
    return { translated: this.#translated.sort(), told: this.#told.sort() }
  }

  /** All of them come, each with what it is, before the first turn. */
  arrive(newcomers: ReadonlyArray<{ readonly proxy: ProxyId; readonly resource: Change }>): Consequences {
    this.#translated = []
    this.#told = []
    for (const { proxy, resource } of newcomers) {
      this.#change([resource])
      this.#updates.follow(proxy, this.#settings, this.#follower(proxy))
    }
    this.#settle()
    return { translated: this.#translated.sort(), told: this.#told.sort() }
  }

  /** Milliseconds that a turn of the last writes was put off by. */
  get longestWait(): number {
    return this.#longestWait
  }

  /** Clusters, listeners and routes that were built until now, for whomever. */
  get built(): number {
    return sharedResources(this.#updates.zone).resources.made
  }

  failure(proxy: ProxyId): string | null {
    return this.#updates.followed(proxy)?.failure ?? null
  }

  #change(changes: ReadonlyArray<Change>): void {
    const batch = changes.flatMap((change) => {
      const [key, after] = "gone" in change ? [change.gone, undefined] : [change, { ...change, version: ++this.#writes }]
      return this.#cache.set(key, after) ?? []
    })
    this.#updates.change(batch, 1)
  }

  #follower(proxy: ProxyId): Follower {
    return {
      onSnapshot: ({ snapshot }) => {
        this.snapshots.set(proxy.name, snapshot)
        this.#told.push(proxy.name)
      },
      onCertificate: () => {}
    }
  }

  #settle(): void {
    do {
      for (const run of this.#scheduled) {
        this.#scheduled.delete(run)
        run()
      }
      this.#certificates.deliver()
    } while (this.#scheduled.size > 0)
  }
}
