/**
 * Keeps MeshServices and virtual addresses true: what the leader runs. It follows the cache, looks only at what
 * changed, decides by pure functions, and writes only over what it read. A write that lost is decided again.
 */
import { Clock, Effect, Queue } from "effect"
import type { DesiredResource, Resource } from "../../model/Resource.ts"
import { SERVICE_KINDS } from "../../model/ServiceAddress.ts"
import { type Conflict, type NotFound, type PutOptions, Store, type StoreUnavailable } from "../../model/Store.ts"
import { whileMesh } from "../../model/whileMesh.ts"
import { ResourceCache, type ResourceChange } from "../snapshot/ResourceCache.ts"
import { type AddressStep, decideAddress } from "./decideAddress.ts"
import { decideMeshService } from "./decideMeshService.ts"
import { ServiceIndex, type ServiceKey } from "./ServiceIndex.ts"
import type { ServiceSettings } from "./ServiceSettings.ts"

/** After a write that failed or lost. */
const RETRY_MILLIS = 1_000

/** So many writes are under way at a time; the store puts them into few statements. */
const SIDE_BY_SIDE = 64

type Looking = "generate" | "address"

interface Alarm {
  readonly at: number
  readonly what: Looking
  readonly key: ServiceKey
}

/** Runs for as long as it is let. */
export const keepServices = Effect.fn("keepServices")(function*(zone: string, settings: ServiceSettings) {
  const cache = yield* ResourceCache
  const store = yield* Store
  const index = new ServiceIndex()
  const bell = yield* Queue.sliding<null>(1)
  const alarms = new Map<string, Alarm>()
  /** Ranges without a free address, as they were told of. */
  const exhausted = new Set<string>()
  /** By service: the Dataplanes that offer other ports than it has, as they were told of. */
  const conflicts = new Map<string, string>()

  const namesIn = (mesh: string): ReadonlyArray<string> => cache.list("MeshService", mesh).map(({ name }) => name)
  const take = (changes: Iterable<ResourceChange>): void => {
    index.apply(changes, namesIn)
    Queue.offerUnsafe(bell, null)
  }

  yield* Effect.acquireRelease(
    // In one step: a change between the two would be lost.
    Effect.sync(() => {
      const all: ReadonlyArray<Resource> = [
        ...cache.list("Dataplane"),
        ...SERVICE_KINDS.flatMap((kind): ReadonlyArray<Resource> => cache.list(kind)),
        ...cache.list("ServiceAddress")
      ]
      take(all.map((after) => ({ key: after, before: undefined, after })))
      return cache.onChange(take)
    }),
    (stop) => Effect.sync(stop)
  )

  const wake = (what: Looking, key: ServiceKey, at: number | undefined): void => {
    const id = `${what}/${key.kind}/${key.mesh}/${key.name}`
    if (at === undefined) alarms.delete(id)
    else alarms.set(id, { at, what, key })
  }

  /** Who lost or couldn't be reached looks again: by then the cache says more. */
  const again = (what: Looking, key: ServiceKey) =>
    Effect.map(Clock.currentTimeMillis, (now) => wake(what, key, now + RETRY_MILLIS))

  const put = (resource: DesiredResource, options: PutOptions) => Effect.asVoid(store.put(resource, options))

  /** Whenever they are others, whether or not anything is written for them. */
  const tellConflicts = (mesh: string, service: string, conflicting: ReadonlyArray<string>) => {
    const id = `${mesh}/${service}`
    const dataplanes = conflicting.slice(0, 10).join(", ")
    const before = conflicts.get(id) ?? ""
    if (dataplanes === "") conflicts.delete(id)
    else conflicts.set(id, dataplanes)
    return dataplanes === "" || dataplanes === before
      ? Effect.void
      : Effect.logWarning("Some Dataplanes of a service offer other ports than its MeshService has").pipe(
        Effect.annotateLogs({ mesh, service, dataplanes })
      )
  }

  const generate = Effect.fnUntraced(function*(key: ServiceKey) {
    const { mesh, name } = key
    const existing = cache.get({ type: "MeshService", mesh, name })
    const decision = decideMeshService({
      mesh,
      name,
      zone,
      mode: cache.get({ type: "Mesh", mesh: "", name: mesh })?.spec.meshServices?.mode,
      offers: index.offers(mesh, name),
      existing,
      now: yield* Clock.currentTimeMillis,
      graceMillis: settings.graceMillis
    })
    wake("generate", key, decision.wakeAt)
    yield* tellConflicts(mesh, name, decision.conflicting)
    if (decision.remove === true && existing !== undefined) yield* store.remove(existing, { expect: existing.version })
    if (decision.put === undefined) return
    yield* put(decision.put, { expect: existing?.version ?? "absent", ...whileMesh(mesh) })
  })

  const carryOut = ({ kind, mesh, name }: ServiceKey) => (step: AddressStep) => {
    switch (step._tag) {
      case "Give":
        return put(step.resource, { expect: "absent", given: { type: kind, mesh, name } })
      case "Write":
        return put(step.resource, { expect: step.over.version })
      case "Remove":
        return store.remove(step.row, { expect: step.row.version })
    }
  }

  /** Addresses that are being given: nobody else is to choose them meanwhile. */
  const underWay = new Set<string>()

  const address = Effect.fnUntraced(function*(key: ServiceKey) {
    const { kind, mesh, name } = key
    const range = settings.ranges[kind]
    const { isExhausted, steps, wakeAt } = decideAddress({
      kind,
      mesh,
      service: name,
      exists: cache.get({ type: kind, mesh, name }) !== undefined,
      rows: index.rows(key),
      range,
      taken: {
        has: (one) => index.taken.has(one) || underWay.has(one),
        countIn: (one) => index.taken.countIn(one)
      },
      now: yield* Clock.currentTimeMillis,
      holdMillis: settings.holdMillis
    })
    wake("address", key, wakeAt)
    if (isExhausted) {
      yield* again("address", key)
      if (exhausted.has(range.cidr)) return
      exhausted.add(range.cidr)
      return yield* Effect.logError("No virtual address is free: services that come have none until some go").pipe(
        Effect.annotateLogs({ range: range.cidr, service: `${kind} ${name} of ${mesh}` })
      )
    }
    const given = steps.flatMap((step) => (step._tag === "Give" ? [step.resource.name] : []))
    if (given.length > 0) exhausted.delete(range.cidr)
    for (const one of given) underWay.add(one)
    yield* Effect.forEach(steps, carryOut(key), { discard: true }).pipe(
      Effect.ensuring(Effect.sync(() => given.forEach((one) => underWay.delete(one))))
    )
  })

  type Work = (key: ServiceKey) => Effect.Effect<void, Conflict | NotFound | StoreUnavailable>
  const guarded = (what: Looking, work: Work) => (key: ServiceKey) =>
    work(key).pipe(
      Effect.catchTags({
        Conflict: () => again(what, key),
        NotFound: () => again(what, key),
        StoreUnavailable: () => again(what, key)
      })
    )

  const ring = (now: number): void => {
    for (const [id, { at, key, what }] of alarms) {
      if (at > now) continue
      alarms.delete(id)
      index.look(what, key)
    }
  }

  for (;;) {
    ring(yield* Clock.currentTimeMillis)
    const [names, services] = [settings.generates ? index.drain("generate") : [], index.drain("address")]
    yield* Effect.forEach(names, guarded("generate", generate), { concurrency: SIDE_BY_SIDE, discard: true })
    yield* Effect.forEach(services, guarded("address", address), { concurrency: SIDE_BY_SIDE, discard: true })
    const now = yield* Clock.currentTimeMillis
    const next = Math.min(...[...alarms.values()].map(({ at }) => at), Infinity)
    const heard = Queue.take(bell)
    yield* next === Infinity ? heard : Effect.raceFirst(heard, Effect.sleep(Math.max(0, next - now)))
  }
})
