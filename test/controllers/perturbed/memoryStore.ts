/** The Store port over resources in memory. `visit` stands before every call, to delay it or let it fail. */
import { Channel, Effect, Queue, Scope, Stream } from "effect"
import { Conflict, NotFound, type Change, Store, type StoreUnavailable } from "../../../src/model/Store.ts"
import { formatKey, type Resource, type ResourceKey, type ResourceType } from "../../../src/model/Resource.ts"
import type { MemoryResources } from "./MemoryResources.ts"

export interface Visit {
  readonly operation: "get" | "list" | "listAll" | "put" | "remove"
  readonly key: ResourceKey | null
}

export interface Visitor {
  /** Does `act` once, before, after or instead of failing. */
  readonly visit: <A>(visit: Visit, act: () => A) => Effect.Effect<A, StoreUnavailable>
  /** Hands each change on to a subscriber, when it likes. */
  readonly tell: (key: ResourceKey, hear: (change: Change) => void) => void
}

/** Fails nothing, and lets others have their turn before each call. */
export const undisturbed: Visitor = {
  visit: (_, act) => Effect.andThen(Effect.yieldNow, Effect.sync(act)),
  tell: (key, hear) => hear({ _tag: "Changed", key })
}

export const memoryStore = (resources: MemoryResources, { tell, visit }: Visitor = undisturbed): Store["Service"] =>
  Store.of({
    get: <T extends ResourceType>(key: ResourceKey<T>) =>
      visit({ operation: "get", key }, () => resources.get(key)).pipe(
        Effect.flatMap((found): Effect.Effect<Resource<T>, NotFound> =>
          found instanceof NotFound ? Effect.fail(found) : Effect.succeed(found))
      ),
    list: (type, mesh) => visit({ operation: "list", key: null }, () => resources.list(type, mesh)),
    page: (type, { mesh, offset, size }) =>
      Effect.map(visit({ operation: "list", key: null }, () => resources.list(type, mesh)), (all) =>
        ({ total: all.length, resources: all.slice(offset, offset + size) })),
    listAll: visit({ operation: "listAll", key: null }, () => resources.all()),
    snapshot: (keys) =>
      Effect.map(visit({ operation: "listAll", key: null }, () => resources.all()), (all) => {
        const wanted = keys === "all" ? null : new Set(keys.map(formatKey))
        return { revision: null, resources: all.filter((one) => wanted === null || wanted.has(formatKey(one))) }
      }),
    put: (desired, options) =>
      visit({ operation: "put", key: desired }, () => resources.put(desired, options)).pipe(
        Effect.flatMap((written) => written instanceof Conflict ? Effect.fail(written) : Effect.succeed(written))
      ),
    remove: (key, options) =>
      visit({ operation: "remove", key }, () => resources.remove(key, options)).pipe(
        Effect.flatMap((failure) => failure === null ? Effect.void : Effect.fail(failure))
      ),
    // Subscribed when the consumer starts, not at its first pull.
    changes: Stream.fromChannel(
      Channel.fromTransform((_upstream: unknown, scope) =>
        Effect.gen(function*() {
          const queue = yield* Queue.unbounded<Change>()
          const stop = resources.listen((key) => tell(key, (change) => Queue.offerUnsafe(queue, change)))
          yield* Scope.addFinalizer(scope, Effect.sync(stop))
          return Queue.takeAll(queue)
        })
      )
    )
  })
