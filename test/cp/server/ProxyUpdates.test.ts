import { describe, expect, it } from "vitest"
import { type ProxySnapshot, TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { changedSince } from "../../../src/cp/xds/ResourceSet.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { dataplane, mesh, resource } from "../snapshot/resources.ts"
import { FollowedMesh } from "./followedMesh.ts"

const SERVICES = 20
const PROXIES = 200
const NOTHING = { translated: [], told: [] }

const nameOf = (index: number): string => `d${`${index}`.padStart(3, "0")}`
const serviceOf = (index: number): string => `s${index % SERVICES}`
const callsOf = (index: number) => Array.from({ length: 10 }, (_, call) => serviceOf(index + 1 + call))
const names = (test: (index: number) => boolean) =>
  Array.from({ length: PROXIES }, (_, index) => index).filter(test).map(nameOf)
const callersOf = (service: string) => names((index) => callsOf(index).includes(service))
const instancesOf = (service: string) => names((index) => serviceOf(index) === service)
const everybody = names(() => true)

const proxyOf = (name: string): ProxyId => ({ proxyType: "dataplane", mesh: "default", name })

/** The last ten take every service of the mesh instead of a list. */
const takesAll = (index: number): boolean => index >= PROXIES - 10

const instance = (index: number, ready = true, protocol = "http"): Resource<"Dataplane"> => {
  const one = dataplane(nameOf(index), `10.0.0.${index}`, [{ service: serviceOf(index), ready, protocol }], callsOf(index))
  return takesAll(index) ? { ...one, labels: { "ecs-mesh.io/outbounds": "all" } } : one
}

/** Ten instances of each of 20 services, each calling ten of them. */
const connected = (...more: ReadonlyArray<Resource>): FollowedMesh => connectedAt(0, ...more)

const connectedAt = (millis: number, ...more: ReadonlyArray<Resource>): FollowedMesh =>
  new FollowedMesh(
    [
      mesh(),
      ...more,
      ...Array.from({ length: SERVICES }, (_, at) => resource("OutboundPort", "default", `s${at}`, { port: 30_000 + at })),
      ...Array.from({ length: PROXIES }, (_, index) => instance(index))
    ],
    everybody.map(proxyOf),
    millis
  )

/** Those that have an outbound for every service call it, too. */
const callersWithAll = (service: string) => [...new Set([...callersOf(service), ...names(takesAll)])].sort()

const timeout = (targetRef: object, requestTimeout: string, labels = {}): Resource =>
  resource("MeshTimeout", "default", "timeout", {
    targetRef,
    to: [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout } } }]
  }, labels)

const changedTypes = (before: ProxySnapshot | undefined, after: ProxySnapshot | undefined) =>
  [...after ?? []].filter(([type, resources]) => before?.get(type) !== resources).map(([type]) => type)

describe("of 200 connected proxies", () => {
  it("an endpoint's change reaches its service's callers, with one new assignment for all, and translates nobody", () => {
    const followed = connected()
    const before = new Map(followed.snapshots)
    expect(followed.write(instance(3, false))).toEqual({ translated: [], told: callersWithAll("s3") })
    const assignments = new Set(callersWithAll("s3").map((name) =>
      followed.snapshots.get(name)?.get(TypeUrl.ClusterLoadAssignment)?.get("s3")
    ))
    expect(assignments.size).toBe(1)
    for (const name of callersWithAll("s3")) {
      const [was, is] = [before.get(name), followed.snapshots.get(name)]
      expect(changedTypes(was, is)).toEqual([TypeUrl.ClusterLoadAssignment])
      const [old, newer] = [was?.get(TypeUrl.ClusterLoadAssignment), is?.get(TypeUrl.ClusterLoadAssignment)]
      expect(newer !== undefined && old !== undefined && changedSince(newer, old)).toEqual(new Set(["s3"]))
    }
  })

  it("newcomers that come at once are translated once, when all are there, and told once", () => {
    const followed = new FollowedMesh([mesh()], [])
    const newcomers = Array.from({ length: 20 }, (_, index) => {
      const calls = Array.from({ length: 20 }, (_, service) => `s${service}`)
      const resource = dataplane(nameOf(index), `10.0.0.${index}`, [{ service: `s${index}`, protocol: "http" }], calls)
      return { resource, proxy: proxyOf(nameOf(index)) }
    })
    const all = newcomers.map(({ proxy: { name } }) => name)
    expect(followed.arrive(newcomers)).toEqual({ translated: all, told: all })
  })

  it("an instance that nobody follows, coming or going, reaches its service's callers alone", () => {
    const followed = connected()
    const newcomer = dataplane("newcomer", "10.0.1.1", [{ service: "s3" }])
    expect(followed.write(newcomer)).toEqual({ translated: [], told: callersWithAll("s3") })
    expect(followed.write({ gone: newcomer })).toEqual({ translated: [], told: callersWithAll("s3") })
  })

  it("a service that nobody calls concerns nobody", () => {
    const followed = connected()
    const newcomer = dataplane("newcomer", "10.0.1.1", [{ service: "unused" }])
    expect(followed.write(newcomer)).toEqual(NOTHING)
    expect(followed.write({ gone: newcomer })).toEqual(NOTHING)
  })

  it("a service that wasn't there yet reaches those that were waiting for it", () => {
    const followed = connected()
    followed.write({ ...instance(7), spec: dataplane(nameOf(7), "10.0.0.7", [{ service: "s7" }], ["late"]).spec })
    const late = dataplane("newcomer", "10.0.1.1", [{ service: "late", protocol: "http" }])
    expect(followed.write(late)).toEqual({ translated: [nameOf(7)], told: [nameOf(7)] })
  })

  it("a status, an insight and a label that says nothing concern nobody", () => {
    const followed = connected()
    const labelled = { ...instance(3), labels: { "ecs-mesh.io/task": "3", "kuma.io/env": "universal", mine: "1" } }
    expect(followed.write(instance(3))).toEqual(NOTHING)
    expect(followed.write(labelled)).toEqual(NOTHING)
    expect(followed.write(resource("DataplaneInsight", "default", nameOf(3), { subscriptions: [] }))).toEqual(NOTHING)
    expect(followed.write({ ...mesh(), labels: { mine: "1" } })).toEqual(NOTHING)
    followed.write(timeout({ kind: "Mesh" }, "3s"))
    expect(followed.write(timeout({ kind: "Mesh" }, "3s", { mine: "1" }))).toEqual(NOTHING)
  })

  it("a label that a policy picks by concerns its own proxy", () => {
    const followed = connected(timeout({ kind: "Dataplane", labels: { team: "x" } }, "3s"))
    expect(followed.write({ ...instance(3), labels: { team: "x" } })).toEqual({ translated: ["d003"], told: ["d003"] })
  })

  it("an inbound that is ignored from now on concerns its own proxy, too, and one that isn't ready its callers alone", () => {
    const followed = connected()
    const inState = (state: "NotReady" | "Ignored"): Resource<"Dataplane"> => {
      const { spec: { networking }, ...rest } = instance(3)
      const inbound = (networking?.inbound ?? []).map((one) => ({ ...one, state }))
      return { ...rest, spec: { networking: { ...networking, inbound } } }
    }
    expect(followed.write(inState("NotReady")).translated).toEqual([])
    const { told, translated } = followed.write(inState("Ignored"))
    expect([translated, told]).toEqual([["d003"], ["d003"]])
  })

  it("another port of a service concerns those that have an outbound for every service", () => {
    const followed = connected()
    const port = resource("OutboundPort", "default", "later", { port: 31_000 })
    expect(followed.write(port)).toEqual({ translated: names(takesAll), told: names(takesAll) })
  })

  it("another protocol translates the callers, and the instance itself", () => {
    const followed = connected()
    const translated = [...new Set([...callersWithAll("s3"), nameOf(3)])].sort()
    // Its certificate names its tags, the protocol among them: that comes later, and is told by itself.
    expect(followed.write(instance(3, true, "tcp"))).toEqual({ translated, told: [...translated, nameOf(3)].sort() })
  })

  it("a policy about some translates those, and one about all tells nobody whose bytes are what they were", () => {
    const followed = connected()
    const some = instancesOf("s3")
    expect(followed.write(timeout({ kind: "MeshService", name: "s3" }, "3s"))).toEqual({ translated: some, told: some })
    // What the default is.
    const defaults = resource("MeshTimeout", "default", "defaults", {
      targetRef: { kind: "Mesh" },
      to: [{ targetRef: { kind: "Mesh" }, default: { connectionTimeout: "5s" } }]
    })
    expect(followed.write(defaults)).toEqual({ translated: everybody, told: [] })
    expect(followed.write(timeout({ kind: "Mesh" }, "4s"))).toEqual({ translated: everybody, told: everybody })
    expect(followed.write({ ...mesh(), spec: { ...mesh().spec, logging: {} } })).toEqual({ translated: everybody, told: [] })
  })

  it("the changes of one batch are worked on together", () => {
    const followed = connected()
    const { told, translated } = followed.write(
      ...Array.from({ length: SERVICES }, (_, index) => instance(index, false)),
      timeout({ kind: "MeshService", name: "s3" }, "3s")
    )
    expect(translated).toEqual(instancesOf("s3"))
    expect(told).toEqual(everybody)
  })

  it("the changes of several batches that come while others are told are told together", () => {
    const followed = connectedAt(1)
    const first = [instance(3, false)]
    const { told, translated } = followed.writeInTurn([first, [instance(4, false)], [instance(5, false)], [instance(3)]])
    expect(translated).toEqual([])
    for (const name of everybody) {
      const changes = [...callsOf(everybody.indexOf(name)), ...(takesAll(everybody.indexOf(name)) ? ["s3", "s4", "s5"] : [])]
      const concerns = ["s3", "s4", "s5"].some((service) => changes.includes(service))
      // The first, and all others as one.
      expect(told.filter((one) => one === name).length).toBeLessThanOrEqual(concerns ? 2 : 0)
    }
    const fresh = connected(dataplane("none", "10.0.9.9", []))
    fresh.write(instance(4, false), instance(5, false))
    for (const name of everybody) {
      for (const service of ["s3", "s4", "s5"]) {
        const version = (mesh: FollowedMesh) =>
          mesh.snapshots.get(name)?.get(TypeUrl.ClusterLoadAssignment)?.get(service)?.version
        expect(version(followed)).toBe(version(fresh))
      }
    }
  })

  it("more endpoints of a service that has some may wait for others, and fewer may not", () => {
    const followed = connectedAt(1)
    const newcomer = (at: number, service: string) => dataplane(`newcomer${at}`, `10.0.1.${at}`, [{ service }])
    expect(followed.write(newcomer(1, "s3")).told).toEqual(callersWithAll("s3"))
    expect(followed.longestWait).toBeLessThanOrEqual(10)
    expect(followed.write(newcomer(2, "s3")).told).toEqual(callersWithAll("s3"))
    expect(followed.longestWait).toBeGreaterThan(100)
    followed.write({ gone: newcomer(1, "s3") })
    expect(followed.longestWait).toBeLessThanOrEqual(10)
    followed.write({ ...instance(3), spec: dataplane(nameOf(3), "10.0.0.103", [{ service: "s3" }]).spec })
    expect(followed.longestWait).toBeLessThanOrEqual(10)
    // What was lost is to be replaced.
    followed.write(newcomer(3, "s3"))
    expect(followed.longestWait).toBeLessThanOrEqual(10)
    followed.write(newcomer(4, "s5"))
    followed.write(newcomer(5, "s5"))
    expect(followed.longestWait).toBeGreaterThan(100)
    // The first of a service is awaited.
    followed.write(...instancesOf("s4").map((name) => instance(Number(name.slice(1)), false)))
    followed.write(instance(4))
    expect(followed.longestWait).toBeLessThanOrEqual(10)
  })

  it("one that can't be translated keeps what it has and gets its endpoints, and all others go on", () => {
    const followed = connected()
    const before = followed.snapshots.get("d003")
    const broken = resource("MeshTrafficPermission", "default", "broken", JSON.parse(
      "{\"targetRef\":{\"kind\":\"Dataplane\",\"name\":\"d003\"},\"from\":5}"
    ))
    expect(followed.write(broken)).toEqual({ translated: ["d003"], told: [] })
    expect([...followed.failures.keys()]).toEqual(["d003"])
    expect(followed.write(timeout({ kind: "Mesh" }, "3s")).told).toEqual(everybody.filter((name) => name !== "d003"))
    expect(followed.snapshots.get("d003")).toBe(before)
    expect(followed.write(instance(4, false)).told).toEqual(callersWithAll("s4"))
    expect(changedTypes(before, followed.snapshots.get("d003"))).toEqual([TypeUrl.ClusterLoadAssignment])
    expect(followed.write({ gone: broken })).toEqual({ translated: ["d003"], told: ["d003"] })
    expect(followed.failure(proxyOf("d003"))).toBeNull()
  })

  it("one that calls a service by two ports keeps what it has where nothing is another", () => {
    const twice = dataplane("d", "10.0.0.1", [], ["kv", "kv"])
    const kv = (ready: boolean) => dataplane("kv", "10.0.0.2", [{ service: "kv", ready }])
    const followed = new FollowedMesh([{ ...mesh(), spec: {} }, twice, kv(true)], [proxyOf("d")])
    expect(followed.write(kv(false)).told).toEqual(["d"])
    expect(followed.write({ ...mesh(), spec: { logging: {} } })).toEqual({ translated: ["d"], told: [] })
  })

  it("one that can't be translated when its mesh is given mTLS gets its secrets once it can", () => {
    const plain = { ...mesh(), spec: {} }
    const web = dataplane("web", "10.0.0.1", [{ service: "web" }])
    const followed = new FollowedMesh([plain, web], [proxyOf("web")])
    const broken = resource("MeshTrafficPermission", "default", "broken", JSON.parse("{\"from\":5}"))
    expect(followed.write(broken, mesh()).told).toEqual([])
    expect(followed.failure(proxyOf("web"))).not.toBeNull()
    expect(followed.write({ gone: broken }).told).toEqual(["web"])
    expect(followed.snapshots.get("web")?.get(TypeUrl.Secret)?.size).toBe(2)
  })

  it("an endpoint that makes no assignment leaves its service's last one, and the others go on", () => {
    const followed = connected()
    const assignment = (service: string) =>
      followed.snapshots.get("d002")?.get(TypeUrl.ClusterLoadAssignment)?.get(service)
    const before = assignment("s3")
    const bad = dataplane("bad", "10.0.1.1", [{ service: "s3", port: JSON.parse("\"x\"") }])
    expect(followed.write(bad).told).toEqual([])
    expect(followed.failure(proxyOf("d002"))).not.toBeNull()
    expect(followed.write(instance(4, false)).told).toEqual(callersWithAll("s4"))
    expect(assignment("s3")).toBe(before)
    followed.write(timeout({ kind: "Mesh" }, "3s"))
    expect(assignment("s3")).toBe(before)
    followed.write({ gone: bad }, instance(3, false))
    expect(followed.failure(proxyOf("d002"))).toBeNull()
    expect(assignment("s3")?.version).not.toBe(before?.version)
  })
})

describe("a label that says something of a proxy's configuration", () => {
  const one = (labels: Readonly<Record<string, string>>): Resource<"Dataplane"> => ({
    ...dataplane("d", "10.0.0.1", [{ service: "kv" }], ["other"]),
    labels
  })
  const timeoutOf = (name: string, requestTimeout: string, labels: Readonly<Record<string, string>>) =>
    resource("MeshTimeout", "default", name, {
      to: [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout } } }]
    }, labels)
  const web = dataplane("web", "10.0.0.2", [{ service: "other" }])
  const inZone2 = { "kuma.io/origin": "zone", "kuma.io/zone": "zone-2" }
  const all = { "ecs-mesh.io/outbounds": "all" }
  const port = resource("OutboundPort", "default", "kv", { port: 30_000 })

  it.each<[string, ReadonlyArray<Resource>, Resource, Resource]>([
    ["outbounds of a Dataplane", [port], one({}), one(all)],
    ["outbound-address of a Dataplane", [port], one(all), one({ ...all, "ecs-mesh.io/outbound-address": "task" })],
    ["listen of a Dataplane", [], one({}), one({ "ecs-mesh.io/listen-8080": "9090" })],
    [
      "origin of a Dataplane",
      [timeoutOf("p", "3s", inZone2)],
      one({ "kuma.io/zone": "zone-1" }),
      one({ "kuma.io/zone": "zone-1", "kuma.io/origin": "zone" })
    ],
    [
      "zone of a Dataplane",
      [timeoutOf("p", "3s", inZone2)],
      one(inZone2),
      one({ "kuma.io/origin": "zone", "kuma.io/zone": "zone-1" })
    ],
    ["effect of a policy", [one({})], timeoutOf("p", "3s", {}), timeoutOf("p", "3s", { "kuma.io/effect": "shadow" })],
    [
      "origin of a policy",
      [one({ "kuma.io/origin": "zone", "kuma.io/zone": "zone-1" })],
      timeoutOf("p", "3s", { "kuma.io/zone": "zone-2" }),
      timeoutOf("p", "3s", inZone2)
    ],
    [
      "zone of a policy",
      [one(inZone2)],
      timeoutOf("p", "3s", inZone2),
      timeoutOf("p", "3s", { "kuma.io/origin": "zone", "kuma.io/zone": "zone-1" })
    ],
    [
      "role of a policy",
      [one({}), timeoutOf("p", "3s", { "kuma.io/policy-role": "producer" })],
      timeoutOf("q", "4s", { "kuma.io/policy-role": "system" }),
      timeoutOf("q", "4s", { "kuma.io/policy-role": "consumer" })
    ],
    [
      "display name of a policy",
      [one({}), timeoutOf("p", "3s", {})],
      timeoutOf("q", "4s", {}),
      timeoutOf("q", "4s", { "kuma.io/display-name": "a" })
    ]
  ])("makes another: %s", (_, others, before, after) => {
    const followed = new FollowedMesh([{ ...mesh(), spec: {} }, web, ...others, before], [proxyOf("d")])
    expect(followed.write(after)).toEqual({ translated: ["d"], told: ["d"] })
  })
})
