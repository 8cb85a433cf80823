/**
 * Of proxies that no operator speaks for: the resource that one brings along is in the store while it is connected,
 * whoever removes it meanwhile, and is removed some time after the proxy left, unless it came back here or to another
 * replica. Never touches what the operator or a person wrote, and removes nothing because this control plane stops.
 */
import { Clock, Context, Duration, Effect, FiberMap, Layer, Schedule, Schema } from "effect"
import { BROUGHT_LABEL } from "../../model/dataplaneLabels.ts"
import { Journal } from "../../model/Journal.ts"
import { proxyKey } from "../../model/proxyResource.ts"
import type { ProxyId, ProxyType } from "../../model/ProxyType.ts"
import { formatKey, type Resource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import type { Identity, Refused } from "../auth/Authenticator.ts"
import { insightKey, type InsightType } from "../insight/Insights.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { Comebacks } from "./Comebacks.ts"
import { noteBrought, ownResources, type Register, type RegistrationRefused } from "./ownResources.ts"
import { removeLeftovers } from "./removeLeftovers.ts"

/** The store can't take it now. */
export class RegistrationLater extends Schema.TaggedError<RegistrationLater>()("RegistrationLater", {
  message: Schema.String
}) {}

export interface RegistrationOptions {
  /** Whether proxies of this type bring along what they are; false: the operator writes their resources. */
  readonly bringsOwn: (proxyType: ProxyType) => boolean
  readonly zone: string
  readonly instanceId: string
  readonly deregistrationDelayMillis: number
}

/** So many that come back within one delay are part of something greater. */
const MANY = 20

/** The longest wait for one that doesn't come back, in delays. */
const MOST_DELAYS = 6

/** What is known here of a proxy that is connected, or left a moment ago. */
interface Presence {
  /** All its streams, also those without a resource: as long as there is one it is here. */
  streams: number
  /** One of them brought the resource that is stored: it goes with the last of them. */
  registered: boolean
  /** Registers it again, as the newest stream that was let in brought it. */
  again: ReturnType<Register> | null
  /** Unix milliseconds at which it was last put back. */
  putBackAt: number
}

const isInsight = (resource: Resource): resource is Resource<InsightType> =>
  resource.type === "DataplaneInsight" || resource.type === "ZoneIngressInsight" ||
  resource.type === "ZoneEgressInsight"

const isElsewhere = (insight: Resource<InsightType> | null, instanceId: string): boolean =>
  insight?.spec.subscriptions.some(({ controlPlaneInstanceId, disconnectTime }) =>
    disconnectTime === undefined && controlPlaneInstanceId !== instanceId
  ) ?? false

export class ProxyRegistration extends Context.Service<
  ProxyRegistration,
  {
    /** `yaml`: what the proxy brought along, or null. */
    readonly connected: (
      proxy: ProxyId,
      identity: Identity,
      yaml: string | null
    ) => Effect.Effect<void, Refused | RegistrationRefused | RegistrationLater>
    /** One of the proxy's streams is over. */
    readonly disconnected: (proxy: ProxyId) => Effect.Effect<void>
  }
>()("ecs-mesh/cp/server/ProxyRegistration") {
  static readonly layer = (options: RegistrationOptions) =>
    Layer.effect(
      ProxyRegistration,
      Effect.gen(function*() {
        const store = yield* Store
        const cache = yield* ResourceCache
        const journal = yield* Journal
        // Stopping interrupts what waits in here: nothing is removed because the control plane goes.
        const removals = yield* FiberMap.make<string>()
        const present = new Map<string, Presence>()
        const comebacks = new Comebacks(options.deregistrationDelayMillis, MANY)
        const { register } = yield* ownResources(options.zone)
        const clock = yield* Clock.Clock
        /** Whose removal waits, by its insight. */
        const leaving = new Map<string, string>()

        /** Those that go to another replica do so in numbers, too: whoever is late among them keeps its place. */
        const noteElsewhere = (changed: Resource): void => {
          if (leaving.size === 0) return
          const name = formatKey(changed)
          const key = leaving.get(name)
          if (key === undefined || !isInsight(changed) || !isElsewhere(changed, options.instanceId)) return
          leaving.delete(name)
          comebacks.add(key, clock.currentTimeMillisUnsafe())
        }

        /** One that is only late among many must not lose its endpoints to that. */
        const untilItMayGo = Effect.gen(function*() {
          for (let waited = 0; waited < MOST_DELAYS; waited++) {
            yield* Effect.sleep(Duration.millis(options.deregistrationDelayMillis))
            if (!comebacks.areMany(yield* Clock.currentTimeMillis)) return
          }
        })

        const storedInsight = (proxy: ProxyId) =>
          store.get(insightKey(proxy)).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))

        /**
         * Only while both are what they were: another replica that has it says so in its insight. Seen to its end also
         * where the proxy comes back meanwhile: given up it may be done all the same, after the proxy was told that its
         * resource is there.
         */
        const removeAs = (resource: Resource, insight: Resource<InsightType> | null) =>
          Effect.uninterruptible(store.remove(resource, {
            expect: resource.version,
            ...(insight === null ? {} : { given: { key: insight, version: insight.version } })
          }).pipe(Effect.tap(() => Effect.sync(() => noteBrought(journal, "remove", resource)))))

        const remove = Effect.fnUntraced(function*(proxy: ProxyId) {
          yield* untilItMayGo
          const [insight, before] = yield* Effect.all([storedInsight(proxy), store.get(proxyKey(proxy))], {
            concurrency: 2
          })
          if (isElsewhere(insight, options.instanceId) || before.labels[BROUGHT_LABEL] === undefined) return
          yield* removeAs(before, insight)
          yield* Effect.logInfo("Removed a proxy that left").pipe(
            Effect.annotateLogs({ proxy: formatKey(proxyKey(proxy)) })
          )
        })

        const removeLater = (proxy: ProxyId, key: string) => {
          leaving.set(formatKey(insightKey(proxy)), key)
          return FiberMap.run(
            removals,
            key,
            remove(proxy).pipe(
              Effect.retry({ times: 5, while: (error) => error._tag === "Conflict" }),
              Effect.catchTag(["NotFound", "Conflict"], () => Effect.void),
              Effect.catchTag("StoreUnavailable", ({ message }) =>
                Effect.logWarning("A proxy that left could not be removed").pipe(
                  Effect.annotateLogs({ proxy: key, error: message })
                )),
              // Not where the proxy came back: what it registered is still its own then.
              Effect.andThen(Effect.sync(() => {
                if (present.get(key)?.streams === 0) present.delete(key)
              })),
              Effect.ensuring(Effect.sync(() => leaving.delete(formatKey(insightKey(proxy)))))
            )
          )
        }

        /** Another replica took it for gone, or somebody removed it: while the proxy is here, it is what it says. */
        const putBack = Effect.fnUntraced(function*(key: string) {
          const presence = present.get(key)
          if (presence === undefined || presence.again === null) return
          const due = presence.putBackAt + options.deregistrationDelayMillis
          const now = yield* Clock.currentTimeMillis
          if (due > now) yield* Effect.sleep(Duration.millis(due - now))
          if (presence.streams === 0) return
          presence.putBackAt = yield* Clock.currentTimeMillis
          yield* presence.again
        }, (putting, key) =>
          putting.pipe(
            Effect.retry({
              schedule: Schedule.spaced(Duration.millis(options.deregistrationDelayMillis)),
              while: ({ _tag }) => _tag === "StoreUnavailable" || _tag === "Conflict"
            }),
            Effect.catch(({ message }) =>
              Effect.logWarning("What a connected proxy brought is gone and can't be put back").pipe(
                Effect.annotateLogs({ proxy: key, error: message })
              ))
          ))
        const runPutBack = yield* FiberMap.makeRuntime<never, string>()
        const putBackSoon = (key: string): void => {
          const presence = present.get(key)
          if (presence?.registered === true && presence.streams > 0) runPutBack(key, putBack(key))
        }

        yield* Effect.acquireRelease(
          Effect.sync(() =>
            cache.onChange((changes) => {
              for (const { after, key } of changes) {
                if (after !== undefined) noteElsewhere(after)
                else putBackSoon(formatKey(key))
              }
            })
          ),
          (stop) => Effect.sync(stop)
        )

        yield* removeLeftovers({
          instanceId: options.instanceId,
          isHere: (key) => present.has(key),
          storedInsight,
          removeAs
        })

        const disconnected = Effect.fnUntraced(function*(proxy: ProxyId) {
          const key = formatKey(proxyKey(proxy))
          const presence = present.get(key)
          if (presence === undefined) return
          presence.streams -= 1
          if (presence.streams > 0) return
          // What nobody registered here isn't ours to remove.
          if (presence.registered) yield* removeLater(proxy, key)
          else present.delete(key)
        })

        return ProxyRegistration.of({
          connected: Effect.fnUntraced(function*(proxy, identity, yaml) {
            if (!options.bringsOwn(proxy.proxyType)) return
            const key = formatKey(proxyKey(proxy))
            const presence: Presence = present.get(key) ??
              { streams: 0, registered: false, again: null, putBackAt: Number.NEGATIVE_INFINITY }
            present.set(key, presence)
            presence.streams += 1
            if (yield* FiberMap.has(removals, key)) {
              yield* FiberMap.remove(removals, key)
              comebacks.add(key, yield* Clock.currentTimeMillis)
            }
            if (yaml === null) return
            let isFound = false
            const registering = register(proxy, identity, yaml, (isWritten) => {
              presence.registered = true
              isFound = !isWritten
            })
            yield* registering.pipe(
              Effect.catchTag("Conflict", () =>
                new RegistrationLater({ message: "somebody else keeps writing this proxy's resource; retrying helps" })
              ),
              Effect.catchTag("StoreUnavailable", ({ message }) =>
                new RegistrationLater({ message: `the control plane's store can't be written now: ${message}` })),
              // One that isn't let in isn't back, by whatever fault: what it left behind goes as it would have.
              Effect.onError(() => disconnected(proxy))
            )
            presence.again = registering
            // What was found may have been removed since, and that been told already.
            if (isFound && cache.get(proxyKey(proxy)) === undefined) putBackSoon(key)
          }),
          disconnected
        })
      })
    )
}
