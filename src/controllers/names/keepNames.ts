/**
 * Keeps hostnames true where workloads look them up: what the leader runs. It looks when something changed that names
 * are made of, and again after each interval, as others may change records, too. Orphans go, other people's records
 * stay. A place that fails keeps no other from being looked at.
 */
import { Clock, Effect, Queue, Stream } from "effect"
import { SERVICE_KINDS } from "../../model/ServiceAddress.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import type { AwsCallFailed } from "../aws/AwsCallFailed.ts"
import { ToldOnce } from "../lifecycle/ToldOnce.ts"
import type { Adoption } from "./adoptNames.ts"
import { type NamePlace, namePlace, type PlaceSettings } from "./NamePlace.ts"
import type { NameStore } from "./NameStore.ts"
import { type NamedResources, type PlacesOf, type WantedNames, wantedNames } from "./wantedNames.ts"

export interface NameSettings extends Omit<PlaceSettings, "tell"> {
  /** This control plane's zone. */
  readonly zone: string
  readonly placesOf: PlacesOf
  readonly open: (place: string) => NameStore
  /** Where names may be left of generators that nobody knows any more: they are looked at at start. */
  readonly known: ReadonlyArray<string>
}

/** Changes of a moment go together. */
const GATHER_MILLIS = 500

const READ: ReadonlySet<string> = new Set([...SERVICE_KINDS, "HostnameGenerator", "ServiceAddress"])

const readAll = Effect.gen(function*() {
  const store = yield* Store
  return {
    generators: yield* store.list("HostnameGenerator"),
    addresses: yield* store.list("ServiceAddress"),
    services: {
      MeshService: yield* store.list("MeshService"),
      MeshExternalService: yield* store.list("MeshExternalService"),
      MeshMultiZoneService: yield* store.list("MeshMultiZoneService")
    }
  } satisfies NamedResources
})

const CANT = "Hostnames can't be kept now; it is tried again"

const EMPTY: ReadonlyMap<string, string> = new Map()

/** Runs for as long as it is let. */
export const keepNames = Effect.fn("keepNames")(function*(settings: NameSettings) {
  const store = yield* Store
  const bell = yield* Queue.sliding<null>(1)
  const told = new ToldOnce()

  const tell: PlaceSettings["tell"] = (message, fields) =>
    Effect.suspend(() =>
      told.isNews(JSON.stringify([message, fields]))
        ? Effect.logWarning(message).pipe(Effect.annotateLogs(fields))
        : Effect.void)

  const opened = (id: string): NamePlace => namePlace(settings.open(id), { ...settings, tell })

  /** Those that hold names of ours, or may. */
  const places = new Map(settings.known.map((id) => [id, opened(id)]))
  /** What was told of those that fail now, by place. */
  const failing = new Map<string, string>()

  /** Tells once that it doesn't work, and once more if it works in between. */
  const guarded = <A>(
    place: string,
    attempt: Effect.Effect<A, AwsCallFailed | StoreUnavailable, Store>
  ): Effect.Effect<A | null, never, Store> =>
    attempt.pipe(Effect.matchEffect({
      onSuccess: (answer) =>
        Effect.sync(() => {
          told.forget(failing.get(place) ?? "")
          failing.delete(place)
          return answer
        }),
      onFailure: ({ message: reason }) => {
        const fields = place === "" ? { reason } : { place, reason }
        failing.set(place, JSON.stringify([CANT, fields]))
        return Effect.as(tell(CANT, fields), null)
      }
    }))

  const claim = (claims: Adoption["claims"]): Effect.Effect<void, StoreUnavailable> =>
    Effect.forEach(claims, (one) =>
      store.put(one, { expect: "absent" }).pipe(
        Effect.andThen(Effect.logInfo("A service takes over the address that its name leads to")),
        Effect.annotateLogs({ address: one.name, service: `${one.spec.kind} ${one.spec.service} of ${one.spec.mesh}` }),
        // Somebody was given it meanwhile: the next look goes by that.
        Effect.catchTag("Conflict", () => Effect.void)
      ), { discard: true })

  const tellDoubts = Effect.fnUntraced(function*({ doubled, refused }: WantedNames) {
    for (const hostname of doubled) {
      yield* tell("Several services have one hostname: it leads to the oldest of them", { hostname })
    }
    for (const { generator, place } of refused) {
      yield* tell(
        "A HostnameGenerator names a hosted zone that ECS_MESH_ROUTE53_HOSTED_ZONES doesn't: nothing is kept there",
        { generator, hostedZone: place }
      )
    }
  })

  const settleAll = Effect.fnUntraced(function*() {
    const resources = yield* readAll
    const wanted = wantedNames(resources, settings.zone, settings.placesOf)
    yield* tellDoubts(wanted)
    const now = yield* Clock.currentTimeMillis
    for (const id of new Set([...wanted.places.keys(), ...places.keys()])) {
      const place = places.get(id) ?? opened(id)
      places.set(id, place)
      const names = wanted.places.get(id)
      const claims = yield* guarded(place.title, place.settle(names ?? EMPTY, resources.addresses, now))
      if (claims !== null) yield* claim(claims)
      if (names === undefined && place.isEmpty()) places.delete(id)
    }
  })

  yield* Effect.forkScoped(
    Stream.runForEach(store.changes, (change) =>
      change._tag === "Changed" && !READ.has(change.key.type) ? Effect.void : Queue.offer(bell, null))
  )
  for (;;) {
    yield* guarded("", settleAll())
    yield* Effect.raceFirst(Queue.take(bell), Effect.sleep(settings.refreshMillis))
    yield* Effect.sleep(GATHER_MILLIS)
  }
})
