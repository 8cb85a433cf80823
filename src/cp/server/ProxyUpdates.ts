/**
 * Keeps connected proxies up to date. Receives batches of resource changes, and who follows which proxy; updates those
 * that depend on a change, and tells a follower each snapshot that differs from the one before. Whom nothing concerns
 * costs nothing. It never waits and writes nothing.
 */
import type { Condition } from "../../model/Condition.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import { proxyKey } from "../../model/proxyResource.ts"
import { formatKey, type Resource, type ResourceKey } from "../../model/Resource.ts"
import { type Impact, isEmpty } from "../snapshot/Impact.ts"
import { MeshViews } from "../snapshot/MeshViews.ts"
import type { ZoneView } from "../snapshot/MeshView.ts"
import type { ResourceChange } from "../snapshot/ResourceCache.ts"
import { sameData } from "../snapshot/sameData.ts"
import { Dependents } from "../xds/Dependents.ts"
import { KeptTranslation } from "../xds/KeptTranslation.ts"
import type { TranslateSettings } from "../xds/TranslateSettings.ts"
import { FollowedProxy } from "./FollowedProxy.ts"
import type { ProxyCertificates } from "./ProxyCertificates.ts"
import type { Follower } from "./ProxySnapshots.ts"
import { Shortages } from "./Shortages.ts"
import { type TurnsClock, UpdateTurns } from "./UpdateTurns.ts"

export interface UpdateReport {
  readonly onTranslation: (proxy: ProxyId) => void
  /** It keeps the last good configuration, and `failure` says why. */
  readonly onFailure: (proxy: ProxyId, failure: string) => void
  /** Something of its configuration isn't made since, and the rest is. */
  readonly onCondition: (proxy: ProxyId, condition: Condition) => void
  /** Something of ours threw for this proxy; the others go on. */
  readonly onFault: (proxy: ProxyId, error: unknown) => void
  /** What is known of the resource stays as it was; the others go on. */
  readonly onUnread: (resource: ResourceKey, error: unknown) => void
}

export interface ProxyUpdatesOptions {
  readonly certificates: ProxyCertificates
  readonly report: UpdateReport
  readonly clock?: TurnsClock
}

export class ProxyUpdates {
  readonly #certificates: ProxyCertificates
  readonly #report: UpdateReport
  readonly #views = new MeshViews()
  readonly #dependents: Dependents<FollowedProxy>
  readonly #proxies = new Map<string, FollowedProxy>()
  readonly #turns: UpdateTurns<FollowedProxy>
  readonly #shortages = new Shortages()

  constructor({ certificates, clock, report }: ProxyUpdatesOptions) {
    this.#certificates = certificates
    this.#report = report
    this.#dependents = new Dependents(this.#views)
    this.#turns = new UpdateTurns<FollowedProxy>({
      update: this.#guarded((followed, at) => this.#update(followed, at)),
      translate: this.#guarded((followed, at) => {
        this.#translate(followed)
        this.#publish(followed, at)
      }),
      ...(clock === undefined ? {} : { clock })
    })
  }

  /** What there is at first. */
  load(resources: Iterable<Resource>): void {
    this.#tellUnread(this.#views.apply([...resources].map((after) => ({ key: after, before: undefined, after }))))
  }

  /** `at`: Unix milliseconds of the changes. */
  change(changes: ReadonlyArray<ResourceChange>, at: number): void {
    const impact = this.#views.apply(changes)
    this.#tellUnread(impact)
    // A status write concerns nobody.
    if (isEmpty(impact)) return
    const { secrets, services, translations } = this.#dependents.of(impact)
    for (const [followed, keys] of services) {
      followed.services = followed.services.length === 0 ? keys : [...new Set([...followed.services, ...keys])]
    }
    for (const followed of secrets) followed.doubtsSecrets = true
    for (const followed of translations) this.#turns.addSlow(followed, at)
    // What a translation is due for by the same changes comes with it, and is told once.
    for (const followed of secrets) if (!translations.has(followed)) this.#turns.addQuick(followed, at)
    const grown = this.#shortages.take(impact.services, at)
    for (const [followed, keys] of services) {
      if (translations.has(followed)) continue
      if (keys.every((key) => grown.has(key))) this.#turns.addLazy(followed, at)
      else this.#turns.addQuick(followed, at)
    }
    this.#turns.begin()
  }

  #tellUnread({ unread }: Impact): void {
    for (const { error, key } of unread) this.#report.onUnread(key, error)
  }

  /** Answers how to stop. The follower is told nothing before this has returned. */
  follow(proxy: ProxyId, settings: TranslateSettings, follower: Follower): () => void {
    const key = formatKey(proxyKey(proxy))
    const followed = this.#proxies.get(key) ?? this.#open(key, proxy, settings)
    followed.followers.set(follower, null)
    if (!sameData(followed.translation.settings, settings)) {
      followed.translation.settings = settings
      this.#turns.addSlow(followed, Date.now())
    }
    if (followed.held.certificate !== null) follower.onCertificate(followed.held.certificate)
    this.#touch(followed)
    return () => {
      followed.followers.delete(follower)
      if (followed.followers.size > 0 || this.#proxies.get(key) !== followed) return
      this.#proxies.delete(key)
      this.#dependents.remove(followed)
      this.#turns.remove(followed)
      followed.held.release()
    }
  }

  /** Undefined where nobody follows it. */
  followed(proxy: ProxyId): FollowedProxy | undefined {
    return this.#proxies.get(formatKey(proxyKey(proxy)))
  }

  /** Kept true in place. */
  get zone(): ZoneView {
    return this.#views
  }

  stop(): void {
    this.#turns.stop()
  }

  #open(key: string, proxy: ProxyId, settings: TranslateSettings): FollowedProxy {
    const held = this.#certificates.hold(proxy, (certificate) => {
      for (const follower of followed.followers.keys()) follower.onCertificate(certificate)
      this.#touch(followed)
    })
    const followed = new FollowedProxy(new KeptTranslation(proxy, this.#views, settings), held)
    this.#proxies.set(key, followed)
    followed.doubtsSecrets = true
    this.#turns.addSlow(followed, Date.now())
    return followed
  }

  #touch(followed: FollowedProxy): void {
    if (!this.#turns.isSlow(followed)) this.#turns.addQuick(followed, Date.now())
    this.#turns.beginSoon()
  }

  #update(followed: FollowedProxy, at: number): void {
    const failed = followed.failure
    followed.translation.reassign(followed.services)
    followed.services = []
    this.#noteFailure(followed, failed)
    if (followed.doubtsSecrets && !this.#turns.isSlow(followed)) this.#wantSecrets(followed)
    this.#publish(followed, at)
  }

  #translate(followed: FollowedProxy): void {
    const { failure, translation, uses } = followed
    const { conditions, secretMeshes } = translation
    translation.translate()
    // Where it failed, endpoints go on coming all the same.
    if (translation.failure !== null) translation.reassign(followed.services)
    followed.services = []
    this.#report.onTranslation(followed.proxy)
    this.#noteFailure(followed, failure)
    this.#noteConditions(followed, conditions)
    this.#dependents.put(followed, uses)
    // One that failed when its mesh was given mTLS needs them once it is translated again.
    if (followed.doubtsSecrets || !sameData(secretMeshes, translation.secretMeshes)) this.#wantSecrets(followed)
  }

  #wantSecrets(followed: FollowedProxy): void {
    followed.doubtsSecrets = false
    followed.held.want(followed.translation.secretMeshes)
  }

  #publish(followed: FollowedProxy, changedAt: number): void {
    followed.build()
    const { followers, snapshot } = followed
    if (snapshot === null) return
    for (const [follower, told] of followers) {
      if (told === snapshot) continue
      followers.set(follower, snapshot)
      // One proxy's stream that fails must not keep the others from their snapshots.
      try {
        follower.onSnapshot({ snapshot, changedAt })
      } catch (error) {
        this.#report.onFault(followed.proxy, error)
      }
    }
  }

  #noteFailure({ failure, proxy }: FollowedProxy, before: string | null): void {
    if (failure !== null && failure !== before) this.#report.onFailure(proxy, failure)
  }

  #noteConditions({ proxy, translation: { conditions } }: FollowedProxy, before: ReadonlyArray<Condition>): void {
    if (conditions.length === 0 || conditions === before) return
    const known = new Set(before.map(({ message }) => message))
    for (const one of conditions) if (!known.has(one.message)) this.#report.onCondition(proxy, one)
  }

  /** What is wrong with one must not keep the others waiting. */
  #guarded(run: (followed: FollowedProxy, at: number) => void) {
    return (followed: FollowedProxy, at: number): void => {
      try {
        run(followed, at)
      } catch (error) {
        this.#report.onFault(followed.proxy, error)
      }
    }
  }
}
