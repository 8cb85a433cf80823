import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Assignments } from "../../../src/cp/mads/Assignments.ts"
import type { ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import type { MetricConf } from "../../../src/model/MeshMetric.ts"
import type { Resource, SpecByType } from "../../../src/model/Resource.ts"

const T0 = "2026-01-01T00:00:00.000Z"

const resource = <T extends "Mesh" | "MeshMetric" | "Dataplane">(
  type: T,
  mesh: string,
  name: string,
  spec: SpecByType[T],
  labels: Readonly<Record<string, string>> = {}
): Resource<T> => ({ type, mesh, name, labels, spec, version: 1, creationTime: T0, modificationTime: T0 })

const prometheus = (conf: object = {}) => ({
  enabledBackend: "p", backends: [{ name: "p", type: "prometheus", conf }]
})

const mesh = (name: string, metrics?: Readonly<Record<string, unknown>>) =>
  resource("Mesh", "", name, metrics === undefined ? {} : { metrics })

const dataplane = (
  name: string,
  spec: Partial<SpecByType["Dataplane"]> = {},
  of = "default",
  tags: Readonly<Record<string, string>> = { "kuma.io/service": "kv" }
) => resource("Dataplane", of, name, { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags }] }, ...spec })

const metric = (name: string, conf: MetricConf, targetRef: object = { kind: "Mesh" }) =>
  resource("MeshMetric", "default", name, { targetRef, default: conf })

const backend = (port: number, more: object = {}): MetricConf => ({
  backends: [{ type: "Prometheus", prometheus: { port, path: "/metrics", ...more } }]
})

const changeOf = (after: Resource, before?: Resource): ResourceChange => ({ key: after, before, after })

const withAll = (...resources: ReadonlyArray<Resource>): Assignments => {
  const assignments = new Assignments()
  assignments.apply(resources.map((one) => changeOf(one)))
  return assignments
}

const told = (assignments: Assignments, client = "host") => JSON.parse(assignments.of(client).body.toString())
const addresses = (assignments: Assignments, client = "host"): ReadonlyArray<string> =>
  told(assignments, client).resources.map((one: { targets: ReadonlyArray<{ address: string }> }) => one.targets[0]?.address)

describe("a mesh whose metrics are served", () => {
  it("has one assignment for each of its Dataplanes, ordered, as Kuma words it", () => {
    const assignments = withAll(
      mesh("default", prometheus()), mesh("quiet"),
      dataplane("kv-2"),
      dataplane("kv-1", {
        networking: {
          address: "10.0.0.1",
          inbound: [
            { port: 80, tags: { "kuma.io/service": "kv", version: "2" } },
            { port: 81, tags: { "kuma.io/service": "admin", version: "2" } }
          ]
        }
      }),
      dataplane("other", {}, "quiet"), dataplane("lost", {}, "gone")
    )
    expect(told(assignments)).toEqual({
      version_info: assignments.of("host").version,
      type_url: "type.googleapis.com/kuma.observability.v1.MonitoringAssignment",
      resources: [{
        "@type": "type.googleapis.com/kuma.observability.v1.MonitoringAssignment",
        mesh: "default",
        service: "admin",
        targets: [{
          name: "kv-1",
          scheme: "http",
          address: "10.0.0.1:5670",
          metrics_path: "/metrics",
          labels: {
            kuma_io_service: "admin", kuma_io_services: ",admin,kv,", version: "2", versions: ",2,"
          }
        }]
      }, {
        "@type": "type.googleapis.com/kuma.observability.v1.MonitoringAssignment",
        mesh: "default",
        service: "kv",
        targets: [{
          name: "kv-2",
          scheme: "http",
          address: "10.0.0.1:5670",
          metrics_path: "/metrics",
          labels: { kuma_io_service: "kv", kuma_io_services: ",kv," }
        }]
      }]
    })
  })

  it("is scraped where the mesh says, and where the Dataplane says otherwise", () => {
    const assignments = withAll(
      mesh("default", prometheus({ port: 1234, path: "/a" })),
      dataplane("own", { metrics: { type: "prometheus", conf: { port: 4321, tls: { mode: "providedTLS" } } } }),
      dataplane("v6", { networking: { address: "10.0.0.1", advertisedAddress: "fd00::1" } })
    )
    expect(told(assignments).resources.map((one: { targets: ReadonlyArray<unknown> }) => one.targets[0])).toMatchObject([
      { scheme: "https", address: "10.0.0.1:4321", metrics_path: "/a" },
      { scheme: "http", address: "[fd00::1]:1234", metrics_path: "/a" }
    ])
  })

  it("isn't scraped where its backend isn't the enabled one, or no mesh is there any more", () => {
    const quiet = mesh("default", { backends: [{ name: "p", type: "prometheus" }] })
    expect(addresses(withAll(quiet, dataplane("kv-1")))).toEqual([])
    const loud = mesh("default", prometheus())
    const assignments = withAll(loud, dataplane("kv-1"))
    expect(addresses(assignments)).toHaveLength(1)
    assignments.apply([{ key: loud, before: loud, after: undefined }])
    expect(addresses(assignments)).toEqual([])
  })
})

describe("a MeshMetric", () => {
  it("goes before the Mesh's own metrics for whom it is about, and leaves the others theirs", () => {
    const assignments = withAll(
      mesh("default", prometheus()), mesh("other", prometheus({ port: 7000 })),
      dataplane("kv-1"), dataplane("web-1", {}, "default", { "kuma.io/service": "web" }), dataplane("far", {}, "other"),
      metric("of-web", backend(9090), { kind: "MeshSubset", tags: { "kuma.io/service": "web" } })
    )
    expect(addresses(assignments)).toEqual(["10.0.0.1:5670", "10.0.0.1:9090", "10.0.0.1:7000"])
  })

  it("with a client's name is told to it alone; it is told nothing of what names nobody", () => {
    const two: MetricConf = {
      backends: [...backend(1001, { clientId: "main" }).backends ?? [], ...backend(1002).backends ?? []]
    }
    const assignments = withAll(
      mesh("default"), mesh("old", prometheus({ port: 7000 })), dataplane("kv-1"), dataplane("kv-2", {}, "old"),
      metric("all", two)
    )
    expect(addresses(assignments, "main")).toEqual(["10.0.0.1:1001", "10.0.0.1:7000"])
    expect(addresses(assignments, "host")).toEqual(["10.0.0.1:1002", "10.0.0.1:7000"])
  })

  it("of the more specific target has the last word, and one that names no backend says nothing", () => {
    const assignments = withAll(
      mesh("default", prometheus()), dataplane("kv-1"),
      metric("all", backend(1001)),
      metric("one", backend(1002), { kind: "Dataplane", name: "kv-1" })
    )
    expect(addresses(assignments)).toEqual(["10.0.0.1:1002"])
    expect(addresses(withAll(
      mesh("default", prometheus()), dataplane("kv-1"), metric("all", { sidecar: { includeUnused: true } })
    ))).toEqual(["10.0.0.1:5670"])
  })
})

describe("what doesn't change", () => {
  it("keeps version and bytes: a Dataplane's health, a mesh's mTLS, a write of the same", () => {
    const before = mesh("default", prometheus())
    const kv = dataplane("kv-1")
    const assignments = withAll(before, kv)
    const known = assignments.of("host")
    const ill = dataplane("kv-1", {
      networking: {
        address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "kv" }, health: { ready: false } }]
      }
    })
    const changed = [
      assignments.apply([changeOf(ill, kv)]),
      assignments.apply([changeOf({ ...before, spec: { ...before.spec, mtls: { enabledBackend: "ca" } } }, before)]),
      assignments.apply([changeOf(dataplane("far", {}, "quiet"))])
    ]
    expect(changed).toEqual([new Set(), new Set(), new Set()])
    expect(assignments.of("host")).toBe(known)
  })

  it("has the same version on every replica, whatever came first", () => {
    const all = [mesh("default", prometheus()), dataplane("kv-1"), dataplane("kv-2")]
    expect(withAll(...all).of("a").version).toBe(withAll(...all.toReversed()).of("b").version)
  })
})

it("a change is told with another version, and what was is told again with its own", () => {
  const kv = dataplane("kv-1")
  const assignments = withAll(mesh("default", prometheus()), kv)
  const first = assignments.of("host").version
  const moved = dataplane("kv-1", { networking: { address: "10.0.0.2" } })
  assignments.apply([changeOf(moved, kv)])
  expect(assignments.of("host").version).not.toBe(first)
  assignments.apply([changeOf(kv, moved)])
  expect(assignments.of("host").version).toBe(first)
  assignments.apply([{ key: kv, before: kv, after: undefined }])
  expect(addresses(assignments)).toEqual([])
})

describe("what changed", () => {
  const nameOf = (dataplane: string) => `/meshes/default/dataplanes/${dataplane}`

  it("is said by the names of those whose assignment is another, as clients ask for them", () => {
    const kv = dataplane("kv-1")
    const assignments = withAll(mesh("default", prometheus()), kv, dataplane("kv-2"))
    const moved = dataplane("kv-1", { networking: { address: "10.0.0.2" } })
    expect(assignments.apply([changeOf(moved, kv)])).toEqual(new Set([nameOf("kv-1")]))
    expect(assignments.apply([{ key: moved, before: moved, after: undefined }])).toEqual(new Set([nameOf("kv-1")]))
  })

  it("concerns everybody where a client is named for the first time, or no more", () => {
    const of = (client: object, one: string) => metric(one, backend(1001, client), { kind: "Dataplane", name: one })
    const assignments = withAll(mesh("default"), dataplane("kv-1"), dataplane("kv-2"), of({}, "kv-2"))
    expect(JSON.parse(assignments.some("main", new Set([nameOf("kv-2")])).body.toString()).resources).toHaveLength(1)
    const named = of({ clientId: "main" }, "kv-1")
    expect(assignments.apply([changeOf(named)])).toBe("all")
    expect(JSON.parse(assignments.some("main", new Set([nameOf("kv-2")])).body.toString()).resources).toEqual([])
    expect(assignments.apply([{ key: named, before: named, after: undefined }])).toBe("all")
  })
})

describe("whatever changes, one by one or together", () => {
  const name = fc.constantFrom("a", "b")
  const meshes = fc.record({ name, port: fc.constantFrom(1, 2, null) }).map(({ name, port }): Resource =>
    mesh(name, port === null ? undefined : prometheus({ port })))
  const dataplanes = fc.record({ name, of: name, service: fc.constantFrom("kv", "web") }).map(({ name, of, service }): Resource =>
    dataplane(name, {}, of, { "kuma.io/service": service }))
  const metrics = fc.record({ name, of: name, port: fc.constantFrom(3, 4), client: fc.constantFrom("x", undefined), kv: fc.boolean() })
    .map(({ client, kv, name, of, port }): Resource => ({
      ...metric(
        name,
        backend(port, client === undefined ? {} : { clientId: client }),
        kv ? { kind: "MeshSubset", tags: { "kuma.io/service": "kv" } } : { kind: "Mesh" }
      ),
      mesh: of
    }))
  const steps = fc.array(
    fc.array(fc.record({ resource: fc.oneof(meshes, dataplanes, metrics), isRemoval: fc.boolean() }), { maxLength: 3 }),
    { maxLength: 12 }
  )

  it("everybody is told what a look at everything would tell, and nobody who isn't woken is told otherwise", () => {
    fc.assert(fc.property(steps, (batches) => {
      const assignments = new Assignments()
      const there = new Map<string, Resource>()
      for (const batch of batches) {
        const name = "/meshes/a/dataplanes/b"
        const before = ["x", "host"].map((client) => assignments.some(client, new Set([name])).version)
        const changed = assignments.apply(batch.map(({ isRemoval, resource: one }): ResourceChange => {
          const key = `${one.type}/${one.mesh}/${one.name}`
          const before = there.get(key)
          if (isRemoval) there.delete(key)
          else there.set(key, one)
          return { key: one, before, after: isRemoval ? undefined : one }
        }))
        const fresh = withAll(...there.values())
        for (const client of ["x", "host"]) {
          expect(assignments.of(client).body.toString()).toBe(fresh.of(client).body.toString())
        }
        if (changed === "all" || changed.has(name)) continue
        expect(["x", "host"].map((client) => assignments.some(client, new Set([name])).version)).toEqual(before)
      }
    }), { numRuns: 200 })
  })
})
