import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer } from "effect"
import { keepServices } from "../../../src/cp/services/keepServices.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { Store } from "../../../src/model/Store.ts"
import { untilEffect } from "../../support/untilEffect.ts"
import { beset, removeAll } from "../store/beset.ts"
import { emptyMesh, openStore, useTestDatabases } from "../store/testDatabases.ts"
import { desired, serviceSettings } from "./serviceWorld.ts"

const databases = useTestDatabases()

const inbound = [{ port: 8_080, name: "main", tags: { "kuma.io/service": "kv" } }]
const dataplane = desired("Dataplane", "default", "one", { networking: { address: "10.0.0.1", inbound } })
const mesh = { ...emptyMesh(), spec: { meshServices: { mode: "Everywhere" as const } } }

describe.each(["MeshService", "ServiceAddress"])("a mesh that is removed as a %s is about to be stored", (type) => {
  it.live("is left with none", () =>
    Effect.gen(function*() {
      const store = yield* openStore(yield* Effect.promise(databases.create))
      const besieged = beset(store, type, removeAll)
      const puts: Array<boolean> = []
      const watched = Store.of({
        ...besieged,
        put: (resource, options) =>
          Effect.onExit(besieged.put(resource, options), (exit) =>
            Effect.sync(() => void (resource.type === type && puts.push(Exit.isSuccess(exit)))))
      })
      const cache = yield* Layer.build(Layer.provide(ResourceCacheLive, Layer.succeed(Store, store)))
      yield* keepServices("zone-1", serviceSettings).pipe(
        Effect.provideService(Store, watched),
        Effect.provideService(ResourceCache, Context.get(cache, ResourceCache)),
        Effect.scoped,
        Effect.forkScoped
      )
      yield* store.put(mesh)
      yield* store.put(dataplane)
      yield* untilEffect("it is put", Effect.sync(() => puts.length), (count) => count > 0)
      assert.deepStrictEqual([puts, yield* store.listAll], [[false], []])
    }).pipe(Effect.scoped), 30_000)
})
