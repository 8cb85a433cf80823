/**
 * Where no operator watches tasks: the resource that a proxy brings along is put into the store while it is connected,
 * and removed some time after it left, unless it came back here or to another replica. Never touches what the operator
 * wrote, and removes nothing because this control plane stops.
 */
import { Context, Duration, Effect, FiberMap, Layer, Schema } from "effect"
import { completeResource } from "../../model/completeResource.ts"
import { TASK_LABEL } from "../../model/dataplaneLabels.ts"
import type { Mesh } from "../../model/Mesh.ts"
import { proxyKey } from "../../model/proxyResource.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import { formatKey } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import type { Identity, Refused } from "../auth/Authenticator.ts"
import { insightKey } from "../insight/Insights.ts"
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
          const resource = completeResource(own.resource, options.zone, yield* meshOf(proxy))
          const refused = judgeOwnResource(identity, resource)
          if (refused !== null) return yield* refused
          const before = yield* store.get(proxyKey(proxy)).pipe(
            Effect.catchTag("NotFound", () => Effect.succeed(null))
          )
          if (before !== null && before.labels[TASK_LABEL] !== undefined) return
          // The store, not the cache: whose proxy it is counts, also where that became known a moment ago.
          const foreign = before === null ? null : judgeOwnResource(identity, before)
          if (foreign !== null) return yield* foreign
          yield* store.put(resource, { expect: before === null ? "absent" : before.version })
        })

        const remove = Effect.fnUntraced(function*(proxy: ProxyId) {
          yield* Effect.sleep(Duration.millis(options.deregistrationDelayMillis))
          if ((streams.get(formatKey(proxyKey(proxy))) ?? 0) > 0) return
          const insight = yield* store.get(insightKey(proxy)).pipe(
            Effect.catchTag("NotFound", () => Effect.succeed(null))
          )
          const elsewhere = insight?.spec.subscriptions.some(({ controlPlaneInstanceId, disconnectTime }) =>
            disconnectTime === undefined && controlPlaneInstanceId !== options.instanceId
          ) ?? false
          if (elsewhere) return
          const before = yield* store.get(proxyKey(proxy))
          if (before.labels[TASK_LABEL] !== undefined) return
          yield* store.remove(proxyKey(proxy), { expect: before.version })
          yield* Effect.logInfo("Removed a proxy that left").pipe(
            Effect.annotateLogs({ proxy: formatKey(proxyKey(proxy)) })
          )
        })

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
            yield* FiberMap.run(
              removals,
              key,
              remove(proxy).pipe(
                Effect.retry({ times: 5, while: (error) => error._tag === "Conflict" }),
                Effect.catchTag(["NotFound", "Conflict"], () => Effect.void),
                Effect.catchTag("StoreUnavailable", ({ message }) =>
                  Effect.logWarning("A proxy that left could not be removed").pipe(
                    Effect.annotateLogs({ proxy: key, error: message })
                  ))
              )
            )
          })
        })
      })
    )
}
