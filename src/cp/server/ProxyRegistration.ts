/**
 * Where no operator watches tasks: the resource that a proxy brings along is put into the store while it is connected,
 * and removed some time after it left, unless it came back here or to another replica; also where the control plane
 * that it left is gone. Never removes what the operator or a person wrote, and nothing because this one stops.
 */
import { Context, Duration, Effect, FiberMap, FiberSet, Layer, Schema } from "effect"
import { completeResource } from "../../model/completeResource.ts"
import { REGISTERED_LABEL, TASK_LABEL } from "../../model/dataplaneLabels.ts"
import type { Mesh } from "../../model/Mesh.ts"
import { proxyKey, type ProxyResource } from "../../model/proxyResource.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import { formatKey } from "../../model/Resource.ts"
import { type Conflict, type NotFound, Store, type StoreUnavailable } from "../../model/Store.ts"
import type { Identity, Refused } from "../auth/Authenticator.ts"
import { insightKey } from "../insight/Insights.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { answer, ask, askedFor, registeredElsewhere, streamsAt, unanswered } from "./abandonedProxies.ts"
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
  /** False: the operator writes every proxy's resource. */
  readonly enabled: boolean
  readonly zone: string
  readonly instanceId: string
  readonly deregistrationDelayMillis: number
  /** After the start: how long proxies may take to come back, and then other replicas to say that they have them. */
  readonly graceMillis: number
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
        const run = yield* FiberSet.makeRuntime<never, void, never>()
        // Stopping interrupts what waits in here: nothing is removed because the control plane goes.
        const removals = yield* FiberMap.make<string>()
        const streams = new Map<string, number>()

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

        const put = Effect.fnUntraced(function*(proxy: ProxyId, identity: Identity, yaml: string) {
          const own = readOwnResource(yaml, proxy, options.zone)
          if ("violations" in own) {
            const causes = own.violations.map(({ field, message }) => `${field}: ${message}`).join("; ")
            return yield* new RegistrationRefused({ message: `the proxy's own resource isn't valid: ${causes}` })
          }
          const completed = completeResource(own.resource, options.zone, yield* meshOf(proxy))
          const labels = { ...completed.labels, [REGISTERED_LABEL]: options.instanceId }
          const resource: ProxyResource = { ...completed, labels }
          const refused = judgeOwnResource(identity, resource)
          if (refused !== null) return yield* refused
          const before = yield* store.get(proxyKey(proxy)).pipe(
            Effect.catchTag("NotFound", () => Effect.succeed(null))
          )
          if (before !== null && before.labels[TASK_LABEL] !== undefined) return
          yield* store.put(resource, { expect: before === null ? "absent" : before.version })
        })

        const remove = Effect.fnUntraced(function*(proxy: ProxyId) {
          yield* Effect.sleep(Duration.millis(options.deregistrationDelayMillis))
          if ((streams.get(formatKey(proxyKey(proxy))) ?? 0) > 0) return
          const insight = yield* store.get(insightKey(proxy)).pipe(
            Effect.catchTag("NotFound", () => Effect.succeed(null))
          )
          if (streamsAt(insight).some((instanceId) => instanceId !== options.instanceId)) return
          const before = yield* store.get(proxyKey(proxy))
          if (before.labels[REGISTERED_LABEL] !== options.instanceId) return
          yield* removeOver(proxy, before.version)
        }, Effect.retry({ times: 5, while: (error) => error._tag === "Conflict" }))

        const removeOver = (proxy: ProxyId, version: number) =>
          store.remove(proxyKey(proxy), { expect: version }).pipe(
            Effect.andThen(Effect.logInfo("Removed a proxy that left")),
            Effect.annotateLogs({ proxy: formatKey(proxyKey(proxy)) })
          )

        const removeAbandoned = Effect.fnUntraced(function*(proxy: ProxyId) {
          // Who takes the proxy up or edits it meanwhile writes another version.
          const { labels, version } = yield* store.get(proxyKey(proxy))
          if (labels[REGISTERED_LABEL] === undefined || labels[REGISTERED_LABEL] === options.instanceId) return
          yield* ask(store, proxy, options.instanceId)
          yield* Effect.sleep(Duration.millis(options.graceMillis))
          if (yield* unanswered(store, proxy, options.instanceId)) yield* removeOver(proxy, version)
        })

        const schedule = (proxy: ProxyId, removal: Effect.Effect<void, NotFound | Conflict | StoreUnavailable>) => {
          const key = formatKey(proxyKey(proxy))
          return FiberMap.run(
            removals,
            key,
            removal.pipe(
              Effect.catchTag(["NotFound", "Conflict"], () => Effect.void),
              Effect.catchTag("StoreUnavailable", ({ message }) =>
                Effect.logWarning("A proxy that left could not be removed").pipe(
                  Effect.annotateLogs({ proxy: key, error: message })
                ))
            ),
            { onlyIfMissing: true }
          )
        }

        if (options.enabled) {
          yield* Effect.sleep(Duration.millis(options.graceMillis)).pipe(
            Effect.andThen(Effect.suspend(() =>
              Effect.forEach(registeredElsewhere(cache, options.instanceId), (proxy) =>
                schedule(proxy, removeAbandoned(proxy)), { discard: true })
            )),
            Effect.forkScoped
          )
          yield* Effect.acquireRelease(
            Effect.sync(() =>
              cache.onChange((changes) => {
                for (const proxy of askedFor(changes, options.instanceId)) {
                  run(answer(store, proxy).pipe(
                    Effect.catch((error) =>
                      Effect.logWarning("Another replica could not be told that a proxy is connected here").pipe(
                        Effect.annotateLogs({ proxy: formatKey(proxyKey(proxy)), error: error.message || error._tag })
                      )
                    )
                  ))
                }
              })
            ),
            (stop) => Effect.sync(stop)
          )
        }

        return ProxyRegistration.of({
          connected: Effect.fn("ProxyRegistration.connected")(function*(proxy, identity, yaml) {
            if (!options.enabled || yaml === null) return
            const key = formatKey(proxyKey(proxy))
            yield* FiberMap.remove(removals, key)
            yield* put(proxy, identity, yaml).pipe(
              Effect.retry({ times: 5, while: (error) => error._tag === "Conflict" }),
              Effect.catchTag("Conflict", () =>
                new RegistrationLater({ message: "somebody else keeps writing this proxy's resource; retrying helps" })
              ),
              Effect.catchTag("StoreUnavailable", ({ message }) =>
                new RegistrationLater({ message: `the control plane's store can't be written now: ${message}` }))
            )
            streams.set(key, (streams.get(key) ?? 0) + 1)
          }),
          disconnected: Effect.fn("ProxyRegistration.disconnected")(function*(proxy) {
            const key = formatKey(proxyKey(proxy))
            const open = streams.get(key)
            // Not one that was registered here: its resource isn't ours to remove.
            if (open === undefined) return
            if (open > 1) {
              streams.set(key, open - 1)
              return
            }
            streams.delete(key)
            yield* schedule(proxy, remove(proxy))
          })
        })
      })
    )
}
