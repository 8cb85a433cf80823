import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import { ClusterId } from "../../../src/cp/store/ClusterId.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { useTestDatabases } from "./testDatabases.ts"

const databases = useTestDatabases()

/** As a control plane that starts on it finds it. */
const idOf = (config: StoreConfig) =>
  Effect.scoped(
    Layer.build(ClusterId.layer(config).pipe(Layer.provide(PostgresStore.layer(config)))).pipe(
      Effect.map((context) => Context.get(context, ClusterId).id)
    )
  )

describe("the id of a cluster", () => {
  it.live("is its database's: the same for all that start on it, and no other's", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* Effect.promise(databases.create), yield* Effect.promise(databases.create)]
      const ids = yield* Effect.all([idOf(one), idOf(one), idOf(other)], { concurrency: "unbounded" })
      assert.match(ids[0], /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      assert.strictEqual(ids[1], ids[0])
      assert.notStrictEqual(ids[2], ids[0])
    }))
})
