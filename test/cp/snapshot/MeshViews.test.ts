import { isDeepStrictEqual } from "node:util"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Resource } from "../../../src/model/Resource.ts"
import { isEmpty } from "../../../src/cp/snapshot/Impact.ts"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import type { ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import { created, dataplane, mesh, resource } from "./resources.ts"

const viewsOf = (...resources: ReadonlyArray<Resource>): MeshViews => {
  const views = new MeshViews()
  views.apply(resources.map(created))
  return views
}

const changed = (before: Resource, after: Resource): ResourceChange => ({ key: after, before, after })

describe("a mesh view", () => {
  it("joins the ready inbounds of all Dataplanes to services", () => {
    const views = viewsOf(
      mesh(),
      dataplane("kv-2", "10.0.0.2", [{ service: "kv" }]),
      dataplane("kv-1", "10.0.0.1", [{ service: "kv" }]),
      dataplane("kv-3", "10.0.0.3", [{ service: "kv", ready: false }])
    )
    expect(views.view("default")?.services.get("kv")).toMatchObject({
      name: "kv",
      protocol: "http",
      endpoints: [
        { dataplane: "kv-1", address: "10.0.0.1", port: 8080, zone: null },
        { dataplane: "kv-2", address: "10.0.0.2", port: 8080, zone: null }
      ]
    })
  })

  it("is touched by no write of a status", () => {
    const views = viewsOf(mesh(), dataplane("kv-1", "10.0.0.1", [{ service: "kv" }]))
    const impact = views.apply([
      created(resource("DataplaneInsight", "default", "kv-1", { subscriptions: [] })),
      changed(mesh(), { ...mesh(), version: 2, modificationTime: "2030-01-01T00:00:00Z" })
    ])
    expect(isEmpty(impact)).toBe(true)
  })

  it("is of no other Secrets' concern than those of its authorities", () => {
    const views = viewsOf(mesh())
    const secrets = (name: string) => views.apply([created(resource("Secret", "default", name, { data: "AA==" }))])
    expect(isEmpty(secrets("of-some-app"))).toBe(true)
    const impact = secrets("default.ca-builtin-cert-ca-1")
    expect(impact.secrets).toEqual(new Set(["default"]))
    expect(isEmpty({ ...impact, secrets: new Set() })).toBe(true)
  })

  it("keeps what it had of a resource that can't be read, and takes in the others", () => {
    const known = dataplane("kv-1", "10.0.0.1", [{ service: "kv" }])
    const views = viewsOf(mesh(), known)
    // As another version's program might write it.
    const unreadable: Resource<"Dataplane"> = { ...known, spec: JSON.parse("{\"networking\":{\"inbound\":{\"port\":1}}}") }
    const { unread } = views.apply([changed(known, unreadable), created(dataplane("kv-2", "10.0.0.2", [{ service: "kv" }]))])
    expect(unread.map(({ key }) => key)).toEqual([unreadable])
    expect(views.view("default")?.services.get("kv")?.endpoints.map(({ address }) => address)).toEqual(["10.0.0.1", "10.0.0.2"])
    views.apply([{ key: known, before: unreadable, after: undefined }])
    expect(views.view("default")?.services.get("kv")?.endpoints.map(({ address }) => address)).toEqual(["10.0.0.2"])
  })

  it("changes, for one Dataplane, the services of its tags and nothing else", () => {
    const before = dataplane("kv-1", "10.0.0.1", [{ service: "kv" }])
    const views = viewsOf(
      mesh(),
      before,
      dataplane("kv-2", "10.0.0.2", [{ service: "kv" }]),
      dataplane("other-1", "10.0.0.9", [{ service: "other" }])
    )
    const other = views.view("default")?.services.get("other")
    const after = dataplane("kv-1", "10.0.0.1", [{ service: "kv", ready: false }])
    const impact = views.apply([changed(before, after)])
    expect(impact.meshes).toEqual(new Set())
    expect(impact.services.map(({ mesh, name }) => [mesh, name])).toEqual([["default", "kv"]])
    expect(impact.dataplanes).toEqual([{ mesh: "default", name: "kv-1", before, after }])
    expect(views.view("default")?.services.get("other")).toBe(other)
  })

  it("says of a service whose protocol becomes another what it was and is", () => {
    const views = viewsOf(mesh(), dataplane("kv-1", "10.0.0.1", [{ service: "kv" }]))
    const impact = views.apply([created(dataplane("kv-2", "10.0.0.2", [{ service: "kv", protocol: "tcp" }]))])
    expect(impact.meshes).toEqual(new Set())
    expect(impact.services).toMatchObject([{ name: "kv", before: { protocol: "http" }, after: { protocol: "tcp" } }])
    expect(views.view("default")?.services.get("kv")?.protocol).toBe("tcp")
  })

  it("keeps the object of an endpoint whose inbound says what it said, and makes no other service of it", () => {
    const views = viewsOf(
      mesh(),
      dataplane("kv-1", "10.0.0.1", [{ service: "kv" }]),
      dataplane("kv-2", "10.0.0.2", [{ service: "kv" }])
    )
    const kv = () => views.view("default")?.services.get("kv")
    const before = kv()
    const kv2 = dataplane("kv-2", "10.0.0.2", [{ service: "kv" }], ["other"])
    const impact = views.apply([changed(dataplane("kv-2", "10.0.0.2", [{ service: "kv" }]), kv2)])
    expect(impact.services).toEqual([])
    expect(kv()).toBe(before)
    views.apply([changed(kv2, dataplane("kv-2", "10.0.0.2", [{ service: "kv" }, { service: "kv", port: 9_090 }]))])
    expect(kv()?.endpoints.map((endpoint) => before?.endpoints.includes(endpoint))).toEqual([true, true, false])
  })

  it("is the same after any changes as one built from what is there at last", () => {
    const inbound = fc.record({
      service: fc.constantFrom("a", "b", "c"),
      ready: fc.boolean(),
      protocol: fc.constantFrom("http", "grpc", "tcp"),
      port: fc.constantFrom(1, 2)
    })
    const step = fc.record({
      name: fc.constantFrom("d1", "d2", "d3"),
      inbounds: fc.option(fc.array(inbound, { maxLength: 3 }), { nil: undefined })
    })
    fc.assert(fc.property(fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 8 }), (batches) => {
      const views = viewsOf(mesh())
      const now = new Map<string, Resource>()
      for (const batch of batches) {
        const changes = batch.map(({ name, inbounds }): ResourceChange => {
          const after = inbounds === undefined ? undefined : dataplane(name, "10.0.0.1", inbounds)
          const before = now.get(name)
          if (after === undefined) now.delete(name)
          else now.set(name, after)
          return { key: { type: "Dataplane", mesh: "default", name }, before, after }
        })
        views.apply(changes)
      }
      const fresh = viewsOf(mesh(), ...now.values()).view("default")
      const kept = views.view("default")
      expect(isDeepStrictEqual(kept?.services, fresh?.services)).toBe(true)
      expect(isDeepStrictEqual(kept?.dataplanes, fresh?.dataplanes)).toBe(true)
    }))
  })
})
