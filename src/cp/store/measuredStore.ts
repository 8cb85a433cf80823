/** A store of which it is told how often it is asked, how long it takes and how often it can't answer. */
import { Context, Effect, Layer, Metric } from "effect"
import { Store } from "../../model/Store.ts"
import { count, storeFailures, storeSeconds } from "../diagnostics/metrics.ts"

type Failing = { readonly _tag: string }

const measure = (context: Context.Context<never>) => (operation: "get" | "list" | "page" | "put" | "remove" | "snapshot") => {
  const seconds = Metric.withAttributes(storeSeconds, { operation })
  return <A, E extends Failing>(asked: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      const begun = performance.now()
      return asked.pipe(
        Effect.tapError(({ _tag }) =>
          Effect.sync(() => {
            if (_tag === "StoreUnavailable") count(storeFailures, 1, context, { operation })
          })
        ),
        Effect.ensuring(Effect.sync(() => seconds.updateUnsafe((performance.now() - begun) / 1_000, context)))
      )
    })
}

/** The same store. What nobody waits for, its changes, isn't measured. */
export const measuredStore = <A, E, R>(store: Layer.Layer<A | Store, E, R>): Layer.Layer<A | Store, E, R> =>
  Layer.effect(
    Store,
    Effect.gen(function*() {
      const inner = yield* Store
      const of = measure(yield* Effect.context<never>())
      const [get, list, page, put, remove, snapshot] =
        [of("get"), of("list"), of("page"), of("put"), of("remove"), of("snapshot")]
      return Store.of({
        get: (key) => get(inner.get(key)),
        list: (type, mesh) => list(inner.list(type, mesh)),
        page: (type, part) => page(inner.page(type, part)),
        listAll: list(inner.listAll),
        snapshot: (keys) => snapshot(inner.snapshot(keys)),
        put: (resource, options) => put(inner.put(resource, options)),
        remove: (key, options) => remove(inner.remove(key, options)),
        changes: inner.changes
      })
    })
  ).pipe(Layer.provideMerge(store))
