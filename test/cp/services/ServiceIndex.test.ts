import { describe, expect, it } from "vitest"
import { ServiceIndex } from "../../../src/cp/services/ServiceIndex.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { dataplane, mesh, resource } from "../snapshot/resources.ts"

const setUp = (...resources: ReadonlyArray<Resource>) => {
  const index = new ServiceIndex()
  const apply = (before: Resource | undefined, after: Resource | undefined) => {
    const key = after ?? before
    if (key !== undefined) index.apply([{ key, before, after }], () => ["made"])
    const names = (what: "generate" | "address") => index.drain(what).map(({ kind, name }) => `${kind} ${name}`).sort()
    return { generate: names("generate"), address: names("address") }
  }
  for (const one of resources) apply(undefined, one)
  return { index, apply }
}

const one = dataplane("one", "10.0.0.1", [{ service: "kv" }, { service: "other", port: 9_090 }])
const nothing = { generate: [], address: [] }

describe("what is looked at of services", () => {
  it("is what a Dataplane that comes or goes offers", () => {
    const { apply, index } = setUp()
    expect(apply(undefined, one)).toEqual({ generate: ["MeshService kv", "MeshService other"], address: [] })
    expect(index.offers("default", "kv")).toEqual([{
      dataplane: "one",
      creationTime: one.creationTime,
      ports: [{ name: "8080", port: 8_080, targetPort: 8_080, appProtocol: "http" }]
    }])
    expect(apply(one, undefined).generate).toEqual(["MeshService kv", "MeshService other"])
    expect(index.offers("default", "kv")).toEqual([])
  })

  it("is nothing for its health, its address or its labels", () => {
    const { apply } = setUp(one)
    const ill = dataplane("one", "10.0.0.2", [{ service: "kv", ready: false }, { service: "other", port: 9_090 }])
    expect(apply(one, ill)).toEqual(nothing)
    expect(apply(ill, { ...ill, labels: { team: "x" } })).toEqual(nothing)
  })

  it("is the service alone whose ports are others", () => {
    const { apply } = setUp(one)
    expect(apply(one, dataplane("one", "10.0.0.1", [{ service: "kv" }, { service: "other", port: 9_091 }]))).toEqual({
      generate: ["MeshService other"], address: []
    })
  })

  it.each(["With_Underscore", "1-digit", "-dash", "UPPER", "dots.too", "a".repeat(64)])(
    "is nothing that can't be a MeshService's name: %s",
    (service) => expect(setUp().apply(undefined, dataplane("x", "10.0.0.1", [{ service }]))).toEqual(nothing)
  )

  it("is all of a mesh whose mode is another, and nothing for whatever else it says", () => {
    const { apply } = setUp(one)
    const exclusive = resource("Mesh", "", "default", { meshServices: { mode: "Exclusive" } })
    expect(apply(mesh(), { ...mesh(), labels: { a: "1" } })).toEqual(nothing)
    expect(apply(mesh(), exclusive).generate).toEqual(["MeshService kv", "MeshService made", "MeshService other"])
  })

  it("is the address of what comes, goes, or whose address is written", () => {
    const { apply, index } = setUp()
    const service = resource("MeshService", "default", "kv", { state: "Unavailable", selector: {}, ports: [] })
    expect(apply(undefined, service).address).toEqual(["MeshService kv"])
    expect(apply(service, { ...service, labels: { a: "1" } }).address).toEqual([])
    const row = resource("ServiceAddress", "", "127.4.0.1", { kind: "MeshService", mesh: "default", service: "kv" })
    expect(apply(undefined, row).address).toEqual(["MeshService kv"])
    expect(index.taken.has("127.4.0.1")).toBe(true)
    const released = { ...row, spec: { ...row.spec, releasedAt: "2026-01-01T00:00:00Z" } }
    apply(row, released)
    expect(index.rows({ kind: "MeshService", mesh: "default", name: "kv" })).toEqual([released])
    apply(released, undefined)
    expect(index.taken.has("127.4.0.1")).toBe(false)
  })
})
