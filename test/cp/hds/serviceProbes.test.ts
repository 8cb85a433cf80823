import { describe, expect, it } from "vitest"
import { keepReported, reported, watchedInbounds } from "../../../src/cp/hds/serviceProbes.ts"
import type { Inbound } from "../../../src/model/Dataplane.ts"
import { TASK_LABEL } from "../../../src/model/dataplaneLabels.ts"
import type { Resource } from "../../../src/model/Resource.ts"

const probe = { tcp: {} }

const dataplane = (inbound: ReadonlyArray<Inbound>, labels: Readonly<Record<string, string>> = {}): Resource<"Dataplane"> => ({
  type: "Dataplane", mesh: "default", name: "kv-1", labels, version: 1, creationTime: "", modificationTime: "",
  spec: { networking: { address: "10.0.0.1", inbound: [...inbound] } }
})

const report = (ports: Readonly<Record<number, boolean>>, proxy: boolean | null = true, isFirst = false) =>
  ({ proxy, isFirst, ports: new Map(Object.entries(ports).map(([port, isWell]) => [Number(port), isWell])) })

const states = (spec: Resource<"Dataplane">["spec"] | null) =>
  spec?.networking?.inbound?.map(({ health, state }) => [state, health?.ready])

describe("a report", () => {
  const kv = dataplane([
    { port: 80, servicePort: 8080, serviceProbe: probe, state: "NotReady", health: {} },
    { port: 81 },
    { port: 82, serviceProbe: probe, state: "Ignored" }
  ])

  it("makes ready what is probed and well, and nothing else", () => {
    expect(states(reported(kv, report({ 8080: true, 81: true, 82: true })))).toEqual([
      ["Ready", true], [undefined, undefined], ["Ignored", undefined]
    ])
  })

  it("says nothing new where it is so already, where it doesn't speak of the port, and of what the operator wrote", () => {
    const well = dataplane([{ port: 80, serviceProbe: probe, state: "Ready", health: { ready: true } }])
    expect(reported(well, report({ 80: true }))).toBeNull()
    expect(reported(kv, report({ 9: true }))).toBeNull()
    expect(reported(kv, report({}))).toBeNull()
    const operators = dataplane(kv.spec.networking?.inbound ?? [], { [TASK_LABEL]: "0123" })
    expect(reported(operators, report({ 8080: true }))).toBeNull()
    expect(reported(operators, report({}, false))).toBeNull()
    expect(watchedInbounds(operators)).toEqual([])
  })

  it("makes unready what is ill, and all that is probed where the proxy itself isn't ready", () => {
    const well = dataplane([{ port: 80, serviceProbe: probe, state: "Ready", health: { ready: true } }])
    expect(states(reported(well, report({ 80: false })))).toEqual([["NotReady", false]])
    expect(states(reported(well, report({ 80: true }, false)))).toEqual([["NotReady", false]])
    expect(reported(well, report({ 80: true }, null))).toBeNull()
  })

  it("makes unready what isn't probed where the proxy isn't ready any more, and ready once it is again", () => {
    const plain = dataplane([
      { port: 80 }, { port: 81, state: "Ignored" }, { port: 82, serviceProbe: probe, state: "Ready" }
    ])
    const left = reported(plain, report({}, false))
    expect(states(left)).toEqual([["NotReady", false], ["Ignored", undefined], ["Ready", undefined]])
    const drained = dataplane(left?.networking?.inbound ?? [])
    expect(reported(drained, report({}, false))).toBeNull()
    expect(reported(drained, report({}, null))).toBeNull()
    expect(states(reported(drained, report({})))?.[0]).toEqual(["Ready", true])
  })

  it("leaves what isn't probed where it is well, at a stream's first report, and by its author's word", () => {
    const plain = dataplane([{ port: 80 }])
    expect(reported(plain, report({}))).toBeNull()
    expect(reported(plain, report({ 80: false }))).toBeNull()
    expect(reported(plain, report({}, false, true))).toBeNull()
    const held = dataplane([{ port: 80, state: "NotReady" }])
    expect([reported(held, report({})), reported(held, report({}, false))]).toEqual([null, null])
  })
})

describe("a Dataplane that is brought along again", () => {
  const held: Inbound = { port: 80, serviceProbe: probe, state: "NotReady", health: {} }
  const well: Inbound = { port: 80, serviceProbe: probe, state: "Ready", health: { ready: true } }
  const spec = (...inbound: ReadonlyArray<Inbound>) => dataplane(inbound).spec

  it("keeps what was reported of the same inbound", () => {
    expect(states(keepReported(spec(well), spec(held)))).toEqual([["Ready", true]])
  })

  it("keeps nothing of another probe, another workload, or none", () => {
    expect(states(keepReported(spec(well), spec({ ...held, serviceProbe: { tcp: {}, timeout: "1s" } })))).toEqual([
      ["NotReady", undefined]
    ])
    expect(states(keepReported(spec(well), spec({ ...held, servicePort: 81 })))).toEqual([["NotReady", undefined]])
    expect(states(keepReported(spec(), spec(held)))).toEqual([["NotReady", undefined]])
    const plain = spec({ port: 80 })
    expect(states(keepReported(spec(well), plain))).toEqual([[undefined, undefined]])
  })

  it("keeps what was reported of the proxy itself where it says nothing else", () => {
    const drained: Inbound = { port: 80, state: "NotReady", health: { ready: false } }
    expect(states(keepReported(spec(drained), spec({ port: 80 })))).toEqual([["NotReady", false]])
    expect(states(keepReported(spec(drained), spec({ port: 80, state: "Ready" })))).toEqual([["Ready", undefined]])
    expect(states(keepReported(spec(drained), spec({ port: 81 })))).toEqual([[undefined, undefined]])
  })
})
