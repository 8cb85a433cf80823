/**
 * Keeps hostnames true where workloads look them up: what the leader runs. It looks when something changed that names
 * are made of, and again after each interval, as others may change records, too; what it writes it remembers, so that a
 * change costs one batch and no list. Orphans go, other people's records stay.
 */
import { Clock, Effect, Queue, Stream } from "effect"
import { SERVICE_KINDS } from "../../model/ServiceAddress.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import type { AwsCallFailed } from "../aws/AwsCallFailed.ts"
import { ToldOnce } from "../lifecycle/ToldOnce.ts"
import { diffNames, withChanges } from "./diffNames.ts"
import type { NamesThere, NameStore } from "./NameStore.ts"
import { type NamedResources, type PlacesOf, type WantedNames, wantedNames } from "./wantedNames.ts"

export interface NameSettings {
  /** This control plane's zone. */
  readonly zone: string
  readonly refreshMillis: number
  readonly placesOf: PlacesOf
  /** What is there of one place; the same object for the same place. */
  readonly open: (place: string) => NameStore
  /** Places that are looked at though no generator names them any more. */
  readonly always: ReadonlyArray<string>
}

/** Changes of a moment go together. */
const GATHER_MILLIS = 500

const READ: ReadonlySet<string> = new Set([...SERVICE_KINDS, "HostnameGenerator", "ServiceAddress"])

/** What is known of one place. */
interface Place {
  readonly names: NameStore
  domain: string | null
  there: NamesThere | null
  listedAt: number
}

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

const EMPTY: ReadonlyMap<string, string> = new Map()

/** Runs for as long as it is let. */
export const keepNames = Effect.fn("keepNames")(function*(settings: NameSettings) {
  const store = yield* Store
  const bell = yield* Queue.sliding<null>(1)
  const places = new Map<string, Place>()
  const told = new ToldOnce()

  const once = (key: string, message: string, fields: Readonly<Record<string, unknown>>) =>
    Effect.suspend(() =>
      told.isNews(key) ? Effect.logWarning(message).pipe(Effect.annotateLogs(fields)) : Effect.void)

  const placeOf = (id: string): Place => {
    const known = places.get(id) ?? { names: settings.open(id), domain: null, there: null, listedAt: 0 }
    places.set(id, known)
    return known
  }

  const settle = Effect.fnUntraced(function*(
    place: Place,
    wanted: ReadonlyMap<string, string>,
    now: number
  ): Effect.fn.Return<void, AwsCallFailed> {
    const { names } = place
    place.domain ??= yield* names.domain
    if (place.there === null || now - place.listedAt >= settings.refreshMillis) {
      place.there = yield* names.list
      place.listedAt = now
    }
    const { changes, outside, taken } = diffNames(wanted, place.there, place.domain)
    for (const hostname of taken) {
      yield* once(`${names.title} ${hostname}`, "A hostname is somebody else's: its record isn't touched", {
        place: names.title, hostname, address: wanted.get(hostname)
      })
    }
    for (const hostname of outside) {
      yield* once(`${names.title} ${hostname}`, "A hostname isn't of the domain that it is to be kept in", {
        place: names.title, hostname, domain: place.domain
      })
    }
    if (changes.length === 0) return
    // Where that fails nothing is known of the outcome.
    const before = place.there
    place.there = null
    const refused = yield* names.change(changes)
    const failed = new Set(refused.map(({ hostname }) => hostname))
    const made = changes.filter(({ hostname }) => !failed.has(hostname))
    if (refused.length === 0) place.there = withChanges(before, made)
    for (const { hostname, reason } of refused) {
      yield* once(`${names.title} ${hostname} ${reason}`, "A hostname's record can't be changed; it is tried again", {
        place: names.title, hostname, reason
      })
    }
    if (made.length === 0) return
    yield* Effect.logInfo("Hostnames are kept").pipe(
      Effect.annotateLogs({
        place: names.title,
        kept: made.filter(({ after }) => after !== null).length,
        removed: made.filter(({ after }) => after === null).length
      })
    )
  })

  const settleAll = Effect.fnUntraced(function*(): Effect.fn.Return<void, AwsCallFailed | StoreUnavailable, Store> {
    const wanted: WantedNames = wantedNames(yield* readAll, settings.zone, settings.placesOf)
    for (const hostname of wanted.doubled) {
      yield* once(`doubled ${hostname}`, "Several services have one hostname: it leads to the oldest of them", {
        hostname
      })
    }
    const now = yield* Clock.currentTimeMillis
    for (const id of new Set([...settings.always, ...wanted.places.keys(), ...places.keys()])) {
      yield* settle(placeOf(id), wanted.places.get(id) ?? EMPTY, now)
    }
  })

  let failing: string | null = null
  const round = settleAll().pipe(
    Effect.matchEffect({
      onSuccess: () =>
        Effect.sync(() => {
          if (failing !== null) told.forget(failing)
          failing = null
        }),
      onFailure: (failure) => {
        failing = `failure ${failure._tag} ${failure.message}`
        return once(failing, "Hostnames can't be kept now; it is tried again", { reason: failure.message })
      }
    })
  )

  yield* Effect.forkScoped(
    Stream.runForEach(store.changes, (change) =>
      change._tag === "Changed" && !READ.has(change.key.type) ? Effect.void : Queue.offer(bell, null))
  )
  for (;;) {
    yield* round
    yield* Effect.raceFirst(Queue.take(bell), Effect.sleep(settings.refreshMillis))
    yield* Effect.sleep(GATHER_MILLIS)
  }
})
