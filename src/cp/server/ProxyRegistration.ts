/**
 * Of proxies that no operator speaks for: the resource that one brings along is put into the store while it is
 * connected, and removed some time after it left, unless it came back here or to another replica. Never touches what
 * the operator wrote, and removes nothing because this control plane stops.
 */
import { isDeepStrictEqual } from "node:util"
import { Clock, Context, Duration, Effect, FiberMap, Layer, Schema } from "effect"
import { completeResource } from "../../model/completeResource.ts"
import { TASK_LABEL } from "../../model/dataplaneLabels.ts"
import { proxyKey, type ProxyResource } from "../../model/proxyResource.ts"
import { nodeId, type ProxyId, type ProxyType } from "../../model/ProxyType.ts"
import { type DesiredResource, formatKey, type Resource, type ResourceKey } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { violationText } from "../../model/Violation.ts"
import type { Identity, Refused } from "../auth/Authenticator.ts"
import { keepReported } from "../hds/serviceProbes.ts"
import { insightKey } from "../insight/Insights.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { Comebacks } from "./Comebacks.ts"
import { judgeOwnResource } from "./judgeOwnResource.ts"
import { readOwnResource } from "./readOwnResource.ts"
import { makeTogether } from "./Together.ts"

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

/** Whether this is the very state that another was. */
const isOne = (found: Resource | undefined, known: Resource): boolean =>
  found?.version === known.version && found.creationTime === known.creationTime

/** A proxy, who it is, and what it brought along. */
interface Brought {
  readonly proxy: ProxyId
  readonly identity: Identity
  readonly resource: ProxyResource
  /** To be called once it is stored, whatever comes after that: then it is ours to remove. */
  readonly stored: () => void
}

const keepHealth = (before: ProxyResource | null, brought: ProxyResource): ProxyResource =>
  before?.type === "Dataplane" && brought.type === "Dataplane"
    ? { ...brought, spec: keepReported(before.spec, brought.spec) }
    : brought

const meshKey = (name: string): ResourceKey<"Mesh"> => ({ type: "Mesh", mesh: "", name })

/** Newcomers within this time after one are written together: each write is a statement, and news for everybody. */
const NEWCOMERS_MILLIS = 50

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
        const newcomers = yield* makeTogether(NEWCOMERS_MILLIS)
        const comebacks = new Comebacks(options.deregistrationDelayMillis, MANY)

        /** The store, not the cache: one that was made a moment ago counts. Null where the proxy belongs to none. */
        const meshOf = Effect.fnUntraced(function*({ mesh }: ProxyId): Effect.fn.Return<
          Resource<"Mesh"> | null,
          RegistrationRefused | StoreUnavailable
        > {
          if (mesh === "") return null
          return yield* store.get(meshKey(mesh)).pipe(
            Effect.catchTag("NotFound", () =>
              new RegistrationRefused({ message: `mesh "${mesh}" does not exist; create it first` }))
          )
        })

        /** What is stored of it. The store, not the cache: whose proxy it is counts, as of this moment. */
        const storedOf = (proxy: ProxyId) =>
          store.get(proxyKey(proxy)).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))

        /** What it brought, as it is to be stored in this mesh. */
        const completed = Effect.fnUntraced(function*(
          { identity, resource }: Brought,
          mesh: Resource<"Mesh"> | null
        ): Effect.fn.Return<ProxyResource, Refused> {
          const complete = completeResource(resource, options.zone, mesh?.spec ?? {})
          const refused = judgeOwnResource(identity, complete)
          return refused === null ? complete : yield* refused
        })

        /** Seen to its end: given up it may be done all the same, and nobody would know whose it is. */
        const put = ({ stored }: Brought, resource: ProxyResource, expect: number | "absent") =>
          store.put(resource, { expect }).pipe(Effect.tap(() => Effect.sync(stored)), Effect.uninterruptible)

        const putOverStored = Effect.fnUntraced(function*(brought: Brought) {
          const { identity, proxy } = brought
          const [mesh, before] = yield* Effect.all([meshOf(proxy), storedOf(proxy)], { concurrency: 2 })
          const resource = keepHealth(before, yield* completed(brought, mesh))
          if (before !== null && before.labels[TASK_LABEL] !== undefined) return
          const foreign = before === null ? null : judgeOwnResource(identity, before)
          if (foreign !== null) return yield* foreign
          // A proxy that comes back mostly brings what it brought before.
          if (before !== null && isSame(before, resource)) return brought.stored()
          yield* put(brought, resource, before === null ? "absent" : before.version)
        }, Effect.retry({ times: 5, while: (error) => error._tag === "Conflict" }))

        /**
         * Whether the mesh was still this one when the resource was written. The cache follows the order of the
         * commits: where it has the resource, it has what was committed before.
         */
        const wasStill = (mesh: Resource<"Mesh">, stored: Resource) => {
          const key = meshKey(mesh.name)
          const now = isOne(cache.get(stored), stored)
            ? Effect.succeed(cache.get(key))
            : Effect.catchTag(store.get(key), "NotFound", () => Effect.succeed(undefined))
          return Effect.map(now, (found) => isOne(found, mesh))
        }

        /**
         * One that the cache doesn't know is most likely new, and its mesh as the cache has it: it is put where nothing
         * is, with no look at what isn't there. Where that was too bold, what is stored is looked at.
         */
        const putWhereNothingIs = Effect.fnUntraced(function*(brought: Brought) {
          const { proxy } = brought
          const mesh = cache.get(meshKey(proxy.mesh)) ?? (yield* meshOf(proxy))
          const resource = yield* completed(brought, mesh)
          yield* newcomers.pass
          const stored = yield* put(brought, resource, "absent")
          if (mesh === null || (yield* wasStill(mesh, stored))) return
          yield* putOverStored(brought).pipe(
            // Its mesh has gone meanwhile, or takes it no longer: nothing of it is to be left.
            Effect.tapError(() => Effect.ignore(store.remove(proxyKey(proxy), { expect: stored.version })))
          )
        })

        const register = Effect.fnUntraced(function*(
          proxy: ProxyId,
          identity: Identity,
          yaml: string,
          stored: () => void
        ) {
          const own = readOwnResource(yaml, proxy, options.zone)
          if ("violations" in own) {
            const causes = own.violations.map(({ field, message }) => `${field}: ${message}`).join("; ")
            return yield* new RegistrationRefused({ message: `the proxy's own resource isn't valid: ${causes}` })
          }
          if (own.warnings.length > 0) {
            yield* Effect.logWarning("A proxy's own resource has fields that are left out").pipe(
              Effect.annotateLogs({
                proxy: nodeId(proxy),
                fields: own.warnings.slice(0, 20).map(violationText).join("; ")
              })
            )
          }
          const brought = { proxy, identity, resource: own.resource, stored }
          yield* cache.get(proxyKey(proxy)) === undefined
            ? Effect.catchTag(putWhereNothingIs(brought), "Conflict", () => putOverStored(brought))
            : putOverStored(brought)
        })

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
            const presence = present.get(key) ?? { streams: 0, registered: false }
            present.set(key, presence)
            presence.streams += 1
            if (yield* FiberMap.has(removals, key)) {
              yield* FiberMap.remove(removals, key)
              comebacks.add(key, yield* Clock.currentTimeMillis)
            }
            if (yaml === null) return
            yield* register(proxy, identity, yaml, () => void (presence.registered = true)).pipe(
              Effect.catchTag("Conflict", () =>
                new RegistrationLater({ message: "somebody else keeps writing this proxy's resource; retrying helps" })
              ),
              Effect.catchTag("StoreUnavailable", ({ message }) =>
                new RegistrationLater({ message: `the control plane's store can't be written now: ${message}` })),
              // One that isn't let in isn't back, by whatever fault: what it left behind goes as it would have.
              Effect.onError(() => disconnected(proxy))
            )
          }),
          disconnected
        })
      })
    )
}
