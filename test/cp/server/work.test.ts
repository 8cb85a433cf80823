// What honest proxies cost: far less than a proxy may.
import { describe, expect, it } from "vitest"
import { nextResponse } from "../../../src/cp/server/nextResponse.ts"
import { type Received, receiveDelta, receiveSotw } from "../../../src/cp/server/receive.ts"
import { type StreamState, streamState } from "../../../src/cp/server/StreamState.ts"
import { requestWork, responseWork, WORK } from "../../../src/cp/server/work.ts"
import { type ProxySnapshot, TypeUrl, type XdsResource } from "../../../src/cp/xds/XdsResource.ts"
import { resource } from "./resources.ts"

const POLICY = { backoffMillis: 1_000, attempts: 5 }
const options = { now: 0, policy: POLICY }

const named = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, index) => `service-${index}`)

/** So many services, each with all that a caller of it has, of usual size. */
const meshOf = (services: number): ProxySnapshot => {
  const all = (typeUrl: TypeUrl, bytes: number): ReadonlyMap<string, XdsResource> =>
    new Map(named(services).map((name) => [name, resource(typeUrl, name, "1", bytes)]))
  return new Map([
    [TypeUrl.Secret, new Map([["cert", resource(TypeUrl.Secret, "cert", "1", 2_000)]])],
    [TypeUrl.Cluster, all(TypeUrl.Cluster, 1_000)],
    [TypeUrl.ClusterLoadAssignment, all(TypeUrl.ClusterLoadAssignment, 1_000)],
    [TypeUrl.Listener, all(TypeUrl.Listener, 2_000)],
    [TypeUrl.RouteConfiguration, all(TypeUrl.RouteConfiguration, 500)]
  ])
}

/** A proxy that asks for all types by name or as a whole, as Envoy does, and takes what comes. */
class Honest {
  state: StreamState
  work = 0
  readonly #snapshot: ProxySnapshot

  constructor(protocol: StreamState["protocol"], snapshot: ProxySnapshot) {
    this.state = streamState(protocol)
    this.#snapshot = snapshot
  }

  /** `has`: what it brings from an earlier stream. */
  ask(typeUrl: TypeUrl, names: ReadonlyArray<string>, has: ReadonlyArray<string> = [], nonce = ""): void {
    const common = { typeUrl, responseNonce: nonce, error: null }
    this.#take(this.state.protocol === "delta"
      ? receiveDelta(this.state, {
        ...common,
        resourceNamesSubscribe: names,
        resourceNamesUnsubscribe: [],
        initialResourceVersions: Object.fromEntries(has.map((name) => [name, "1"]))
      }, options)
      : receiveSotw(this.state, { ...common, versionInfo: "", resourceNames: names }, options))
  }

  /** Takes and accepts all that is due; a state-of-the-world answer repeats the names. */
  settle(names: ReadonlyArray<string>): void {
    for (;;) {
      const { outgoing, state } = nextResponse(this.state, this.#snapshot, 0)
      this.state = state
      if (outgoing === null) return
      this.work += responseWork(outgoing, state)
      const isWhole = outgoing.typeUrl === TypeUrl.Cluster || outgoing.typeUrl === TypeUrl.Listener
      this.ask(outgoing.typeUrl, this.state.protocol === "delta" || isWhole ? [] : names, [], outgoing.nonce)
    }
  }

  #take(received: Received): void {
    this.state = received.state
    this.work += requestWork(received)
  }
}

const SERVICES = 5_000

const comes = (protocol: StreamState["protocol"], has: ReadonlyArray<string>): number => {
  const proxy = new Honest(protocol, meshOf(SERVICES))
  const names = named(SERVICES)
  proxy.ask(TypeUrl.Cluster, [], has)
  proxy.settle(names)
  proxy.ask(TypeUrl.ClusterLoadAssignment, names, has)
  proxy.ask(TypeUrl.Secret, ["cert"])
  proxy.ask(TypeUrl.Listener, [], has)
  proxy.settle(names)
  proxy.ask(TypeUrl.RouteConfiguration, names, has)
  proxy.settle(names)
  return proxy.work
}

describe.each(["delta", "sotw"] as const)("a %s proxy of 5,000 clusters", (protocol) => {
  it("comes for less than a fifth of what it may cost at once", () => {
    expect(comes(protocol, [])).toBeLessThan(WORK.atOnce / 5)
  })

  it("costs next to nothing while its mesh changes a hundred times", () => {
    const names = named(SERVICES)
    const rest = new Honest(protocol, new Map(meshOf(SERVICES)))
    rest.ask(TypeUrl.ClusterLoadAssignment, names)
    rest.settle(names)
    const before = rest.work
    for (let version = 2; version < 102; version += 1) {
      const changed = new Map([...rest.state.subscriptions.get(TypeUrl.ClusterLoadAssignment)?.seen ?? []])
      changed.set("service-1", resource(TypeUrl.ClusterLoadAssignment, "service-1", String(version), 1_000))
      const { outgoing, state } = nextResponse(rest.state, new Map([[TypeUrl.ClusterLoadAssignment, changed]]), 0)
      rest.state = state
      if (outgoing === null) throw new Error("nothing was due")
      rest.work += responseWork(outgoing, state)
      rest.ask(TypeUrl.ClusterLoadAssignment, protocol === "delta" ? [] : names, [], outgoing.nonce)
    }
    expect(rest.work - before).toBeLessThan(WORK.perSecond / 5)
  })
})

it("a proxy comes back with what it has for a fifth of what it may cost at once", () => {
  expect(comes("delta", named(SERVICES))).toBeLessThan(WORK.atOnce / 5)
})

it("a proxy that changes 20,000 names costs more than that in a few requests, in either protocol", () => {
  for (const protocol of ["delta", "sotw"] as const) {
    const proxy = new Honest(protocol, new Map())
    for (let times = 0; times < 12; times += 1) {
      proxy.ask(TypeUrl.ClusterLoadAssignment, named(20_000).map((name) => `${times % 2}-${name}`))
    }
    expect(proxy.work).toBeGreaterThan(WORK.atOnce)
  }
})
