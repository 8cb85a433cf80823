import { Effect, Layer, Stream } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { expect, it } from "vitest"
import { measuredStore } from "../../../src/cp/store/measuredStore.ts"
import { Store, StoreUnavailable } from "../../../src/model/Store.ts"

const lost = new StoreUnavailable({ operation: "list", message: "gone" })

const inner = Layer.succeed(Store, {
  get: () => Effect.die("not asked"),
  list: () => Effect.fail(lost),
  page: () => Effect.succeed({ total: 0, resources: [] }),
  listAll: Effect.succeed([]),
  snapshot: () => Effect.succeed({ revision: 1, resources: [] }),
  put: () => Effect.die("not asked"),
  remove: () => Effect.void,
  changes: Stream.empty
})

it("tells of each operation how long it took, and which failed, and answers what the store does", () =>
  Effect.runPromise(
    Effect.gen(function*() {
      const store = yield* Store
      expect(yield* Effect.flip(store.list("Mesh"))).toBe(lost)
      expect(yield* store.snapshot("all")).toEqual({ revision: 1, resources: [] })
      const text = PrometheusMetrics.formatUnsafe(yield* Effect.context<never>())
      expect(text).toMatch(/ecs_mesh_store_seconds_count\{[^}]*operation="list"[^}]*\} 1/)
      expect(text).toMatch(/ecs_mesh_store_seconds_count\{[^}]*operation="snapshot"[^}]*\} 1/)
      expect(text).toMatch(/ecs_mesh_store_failures_total\{[^}]*operation="list"[^}]*\} 1/)
      expect(text).not.toMatch(/ecs_mesh_store_failures_total\{[^}]*operation="snapshot"/)
    }).pipe(Effect.provide(measuredStore(inner)))
  ))
