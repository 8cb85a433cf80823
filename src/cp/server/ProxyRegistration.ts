/**
 * Of proxies that no operator speaks for: the resource that one brings along is put into the store while it is
 * connected, and removed some time after it left, unless it came back here or to another replica. Never touches what
 * the operator wrote, and removes nothing because this control plane stops.
 */
import { isDeepStrictEqual } from "node:util"
import { Clock, Context, Duration, Effect, FiberMap, Layer, Schema } from "effect"
import { completeResource } from "../../model/completeResource.ts"
import { TASK_LABEL } from "../../model/dataplaneLabels.ts"
import type { Mesh } from "../../model/Mesh.ts"
import { proxyKey } from "../../model/proxyResource.ts"
import type { ProxyId, ProxyType } from "../../model/ProxyType.ts"
import { type DesiredResource, formatKey, type Resource } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import type { Identity, Refused } from "../auth/Authenticator.ts"
import { insightKey } from "../insight/Insights.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { Comebacks } from "./Comebacks.ts"
import { judgeOwnResource } from "./judgeOwnResource.ts"
import { readOwnResource } from "./readOwnResource.ts"

/** The proxy's own resource can't be taken; the message says what to change. */
export class RegistrationRefused extends Schema.TaggedError<RegistrationRefused>()("RegistrationRefused", {
  message: Schema.String
}) {}

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

const isSame = (stored: Resource, brought: DesiredResource): boolean =>
  isDeepStrictEqual(stored.spec, brought.spec) && isDeepStrictEqual(stored.labels, brought.labels)

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
}

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
        // Stopping interrupts what waits in here: nothing is removed because the control plane goes.
        const removals = yield* FiberMap.make<string>()
        const present = new Map<string, Presence>()
        const comebacks = new Comebacks(options.deregistrationDelayMillis, MANY)

        // The store, not the cache: one that was made a moment ago counts.
        const meshOf = Effect.fnUntraced(function*({ mesh }: ProxyId): Effect.fn.Return<
          Mesh,
          RegistrationRefused | StoreUnavailable
        > {
          if (mesh === "") return {}
          return yield* store.get({ type: "Mesh", mesh: "", name: mesh }).pipe(
            Effect.map(({ spec }) => spec),
            Effect.catchTag("NotFound", () =>
              new RegistrationRefused({ message: `mesh "${mesh}" does not exist; create it first` }))
          )
        })

        /** What is stored of it. The store, not the cache: whose proxy it is counts, as of this moment. */
        const storedOf = (proxy: ProxyId) =>
          store.get(proxyKey(proxy)).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))

        const put = Effect.fnUntraced(function*(
          proxy: ProxyId,
          identity: Identity,
          yaml: string,
          read: (proxy: ProxyId) => ReturnType<typeof storedOf>
        ) {
          const own = readOwnResource(yaml, proxy, options.zone)
          if ("violations" in own) {
            const causes = own.violations.map(({ field, message }) => `${field}: ${message}`).join("; ")
            return yield* new RegistrationRefused({ message: `the proxy's own resource isn't valid: ${causes}` })
          }
          const [mesh, before] = yield* Effect.all([meshOf(proxy), read(proxy)], { concurrency: 2 })
          const resource = completeResource(own.resource, options.zone, mesh)
          const refused = judgeOwnResource(identity, resource)
          if (refused !== null) return yield* refused
          if (before !== null && before.labels[TASK_LABEL] !== undefined) return
          const foreign = before === null ? null : judgeOwnResource(identity, before)
          if (foreign !== null) return yield* foreign
          // A proxy that comes back mostly brings what it brought before.
          if (before !== null && isSame(before, resource)) return
          yield* store.put(resource, { expect: before === null ? "absent" : before.version })
        })

        /**
         * One that the cache doesn't know is most likely new: it is put where nothing is, without a look at what isn't
         * there. Where something is after all, that is looked at.
         */
        const register = (proxy: ProxyId, identity: Identity, yaml: string) => {
          const overStored = put(proxy, identity, yaml, storedOf).pipe(
            Effect.retry({ times: 5, while: (error) => error._tag === "Conflict" })
          )
          return cache.get(proxyKey(proxy)) === undefined
            ? Effect.catchTag(put(proxy, identity, yaml, () => Effect.succeed(null)), "Conflict", () => overStored)
            : overStored
        }

        /** One that is only late among many must not lose its endpoints to that. */
        const untilItMayGo = Effect.gen(function*() {
          for (let waited = 0; waited < MOST_DELAYS; waited++) {
            yield* Effect.sleep(Duration.millis(options.deregistrationDelayMillis))
            if (!comebacks.areMany(yield* Clock.currentTimeMillis)) return
          }
        })

        const remove = Effect.fnUntraced(function*(proxy: ProxyId) {
          yield* untilItMayGo
          const insight = yield* store.get(insightKey(proxy)).pipe(
            Effect.catchTag("NotFound", () => Effect.succeed(null))
          )
          const elsewhere = insight?.spec.subscriptions.some(({ controlPlaneInstanceId, disconnectTime }) =>
            disconnectTime === undefined && controlPlaneInstanceId !== options.instanceId
          ) ?? false
          if (elsewhere) return
          const before = yield* store.get(proxyKey(proxy))
          if (before.labels[TASK_LABEL] !== undefined) return
          // Seen to its end also where the proxy comes back meanwhile: given up it may be done all the same, after the
          // proxy was told that its resource is there.
          yield* Effect.uninterruptible(store.remove(proxyKey(proxy), { expect: before.version }))
          yield* Effect.logInfo("Removed a proxy that left").pipe(
            Effect.annotateLogs({ proxy: formatKey(proxyKey(proxy)) })
          )
        })

        const removeLater = (proxy: ProxyId, key: string) =>
          FiberMap.run(
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
              }))
            )
          )

        const disconnected = Effect.fn("ProxyRegistration.disconnected")(function*(proxy: ProxyId) {
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
          connected: Effect.fn("ProxyRegistration.connected")(function*(proxy, identity, yaml) {
            if (!options.bringsOwn(proxy.proxyType)) return
            const key = formatKey(proxyKey(proxy))
            const presence = present.get(key) ?? { streams: 0, registered: false }
            present.set(key, presence)
            presence.streams += 1
            if (yield* FiberMap.has(removals, key)) {
              yield* FiberMap.remove(removals, key)
              comebacks.add(key, yield* Clock.currentTimeMillis)
            }
            if (yaml === null) return
            yield* register(proxy, identity, yaml).pipe(
              Effect.catchTag("Conflict", () =>
                new RegistrationLater({ message: "somebody else keeps writing this proxy's resource; retrying helps" })
              ),
              Effect.catchTag("StoreUnavailable", ({ message }) =>
                new RegistrationLater({ message: `the control plane's store can't be written now: ${message}` })),
              // One that isn't let in isn't back, by whatever fault: what it left behind goes as it would have.
              Effect.onError(() => disconnected(proxy))
            )
            presence.registered = true
          }),
          disconnected
        })
      })
    )
}
