import { Context, Effect, Exit, Layer, Scope } from "effect"
import { expect, it } from "vitest"
import { HealthWriter } from "../../../src/cp/hds/HealthWriter.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import type { ResourceKey } from "../../../src/model/Resource.ts"
import { Store } from "../../../src/model/Store.ts"
import { MemoryResources } from "../../controllers/perturbed/MemoryResources.ts"
import { memoryStore } from "../../controllers/perturbed/memoryStore.ts"
import { useCleanups } from "../../support/useCleanups.ts"

const cleanups = useCleanups()

const keyOf = (name: string): ResourceKey<"Dataplane"> => ({ type: "Dataplane", mesh: "default", name })

/** A writer before a store and a cache that knows at once what is stored. */
const start = async (...names: ReadonlyArray<string>) => {
  const resources = new MemoryResources(Date.now)
  for (const name of names) {
    const inbound = [{ port: 80, serviceProbe: { tcp: {} }, tags: { "kuma.io/service": "kv" } }]
    resources.put({ ...keyOf(name), labels: {}, spec: { networking: { address: "10.0.0.1", inbound } } })
  }
  const scope = Scope.makeUnsafe()
  cleanups.push(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const cache = ResourceCache.of({
    get: (key) => resources.list(key.type, key.mesh).find((one) => one.name === key.name),
    list: (type, mesh) => resources.list(type, mesh),
    onChange: () => () => {}
  })
  const services = await Effect.runPromise(Layer.buildWithScope(
    HealthWriter.layer.pipe(Layer.provide(Layer.merge(Layer.succeed(Store, memoryStore(resources)), Layer.succeed(ResourceCache, cache)))),
    scope
  ))
  const writer = Context.get(services, HealthWriter)
  const report = (name: string, isWell: boolean, now: number) =>
    Effect.runPromise(writer.write(keyOf(name), { proxy: null, isFirst: false, ports: new Map([[80, isWell]]) }, now))
  return { report, isWell: (name: string) => cache.get(keyOf(name))?.spec.networking?.inbound?.[0]?.health?.ready }
}

it("writes so often a minute what one proxy reports, whichever of its streams it comes by, and others' besides", async () => {
  const { isWell, report } = await start("kv-1", "kv-2")
  for (let times = 0; times < 30; times += 1) {
    await report("kv-1", times % 2 === 0, 1_000 + times)
    expect(isWell("kv-1")).toBe(times % 2 === 0)
  }
  await report("kv-1", true, 2_000)
  expect(isWell("kv-1")).toBe(false)
  await report("kv-2", true, 2_000)
  expect(isWell("kv-2")).toBe(true)
  await report("kv-1", true, 61_000)
  expect(isWell("kv-1")).toBe(true)
})
