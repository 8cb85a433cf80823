/** Who is given which secrets, and what the authority is asked for them: as counts, over a cache of the test's own. */
import { Effect, type Scope } from "effect"
import { describe, expect, it } from "vitest"
import { CertificateAuthority } from "../../../src/cp/ca/CertificateAuthority.ts"
import { makeProxyCertificates } from "../../../src/cp/server/ProxyCertificates.ts"
import { ResourceCache, type ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import {
  type DesiredResource,
  formatKey,
  isType,
  type Resource,
  type ResourceKey,
  type ResourceType
} from "../../../src/model/Resource.ts"
import { keySecretName } from "../../../src/model/ownSecret.ts"
import { faultyAuthority } from "../ca/faultyAuthority.ts"
import { dataplane, mesh } from "./startControlPlane.ts"

describe("proxies' secrets", () => {
  /** Certificates by an authority that counts what it is asked, over a cache that holds what the test puts. */
  const start = Effect.gen(function*() {
    const { service, state } = faultyAuthority()
    const resources = new Map<string, Resource>()
    const listeners = new Set<(changes: ReadonlyArray<ResourceChange>) => void>()
    const cache = ResourceCache.of({
      get: <T extends ResourceType>(key: ResourceKey<T>) => {
        const found = resources.get(formatKey(key))
        return found !== undefined && isType(key.type, found) ? found : undefined
      },
      list: () => [],
      onChange: (listener) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      }
    })
    const put = <T extends ResourceType>(desired: DesiredResource<T>) => {
      const key: ResourceKey = { type: desired.type, mesh: desired.mesh, name: desired.name }
      const before = resources.get(formatKey(key))
      const version = (before?.version ?? 0) + 1
      const after: Resource<T> = { ...desired, version, creationTime: "", modificationTime: "" }
      resources.set(formatKey(key), after)
      for (const listener of listeners) listener([{ key, before, after }])
    }
    const certificates = yield* makeProxyCertificates.pipe(
      Effect.provideService(CertificateAuthority, service),
      Effect.provideService(ResourceCache, cache)
    )
    let changes = 0
    const hold = (name: string) => {
      const held = certificates.hold({ proxyType: "dataplane", mesh: "default", name }, () => void (changes += 1))
      held.want(["default"])
      return held
    }
    return { state, put, hold, changes: () => changes }
  })
  const run = <A>(test: Effect.Effect<A, unknown, Scope.Scope>) => Effect.runPromise(Effect.scoped(test))
  /** That the mesh's authority lives on, where no other is named. */
  const secretOf = (text: string, name = keySecretName("default", "ca-1")): DesiredResource<"Secret"> => ({
    type: "Secret",
    mesh: "default",
    name,
    labels: {},
    spec: { data: Buffer.from(text).toString("base64") }
  })

  it("hold the mesh's trust once for all, and a proxy's own once for as often as it comes back", () =>
    run(Effect.gen(function*() {
      const { changes, hold, state } = yield* start
      const held = ["kv-1", "kv-2"].map(hold)
      const before = held.map(({ secrets }) => secrets.get("default"))
      expect(before[0]?.[1]).toBe(before[1]?.[1])
      expect(before[0]?.[0]).not.toBe(before[1]?.[0])
      for (const { release } of held) release()
      const after = ["kv-1", "kv-2"].map(hold).map(({ secrets }) => secrets.get("default"))
      for (const at of [0, 1]) {
        expect(after[at]?.[0]).toBe(before[at]?.[0])
        expect(after[at]?.[1]).toBe(before[at]?.[1])
      }
      expect([state.asked, changes()]).toEqual([["kv-1", "kv-2"], 4])
    })))

  it("are asked for once more for another name, and not for a write that changes none, nor for another proxy's", () =>
    run(Effect.gen(function*() {
      const { changes, hold, put, state } = yield* start
      put(dataplane("kv-1", "kv", { port: 8_080 }))
      put(dataplane("kv-2", "kv", { port: 8_080 }))
      hold("kv-1")
      const { looked } = state
      put(dataplane("kv-1", "kv", { port: 8_080 }))
      put(dataplane("kv-2", "renamed", { port: 8_080 }))
      expect(state.looked).toBe(looked)
      put(dataplane("kv-1", "kv", { port: 8_080, ready: false }))
      expect([state.looked, state.asked, changes()]).toEqual([looked + 1, ["kv-1"], 1])
      put(dataplane("kv-1", "renamed", { port: 8_080 }))
      expect([state.asked, changes()]).toEqual([["kv-1", "kv-1"], 2])
    })))

  it("are looked at when a secret of the mesh or the mesh is another, by one look at the mesh's CA for all", () =>
    run(Effect.gen(function*() {
      const { changes, hold, put, state } = yield* start
      put(mesh("default", true))
      for (const name of ["kv-1", "kv-2", "kv-3"]) hold(name)
      const { opened } = state
      put(secretOf("1"))
      put(secretOf("1"))
      put({ ...secretOf("1"), mesh: "another" })
      put(secretOf("1", "a-users"))
      expect([state.opened, changes()]).toEqual([opened + 1, 3])
      state.generation = 2
      put(secretOf("2"))
      expect([state.opened, changes(), state.asked.length]).toEqual([opened + 2, 6, 6])
      put(mesh("default", true))
      put(mesh("default", false))
      expect(state.opened).toBe(opened + 2)
      put(mesh("default", true))
      expect(state.opened).toBe(opened + 3)
    })))

  it("go when the mesh needs none any longer, and nobody is told of them after that", () =>
    run(Effect.gen(function*() {
      const { changes, hold, put, state } = yield* start
      put(mesh("default", true))
      const held = hold("kv-1")
      held.want([])
      expect([held.secrets.size, state.left]).toEqual([0, ["kv-1"]])
      state.generation = 2
      put(secretOf("2"))
      expect(changes()).toBe(1)
      held.want(["default"])
      expect([held.secrets.size, changes()]).toEqual([1, 2])
    })))
})
