import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { dataplaneKind } from "../../../src/controllers/dataplane/desired.ts"
import type { DataplaneObservation } from "../../../src/controllers/dataplane/observe.ts"
import { decide, type Decision, startOf } from "../../../src/controllers/lifecycle/decide.ts"
import type { Resource } from "../../../src/model/Resource.ts"

const folder = join(import.meta.dirname, "..", "..", "golden", "controllers", "observations")
const names = readdirSync(folder).filter((file) => file.endsWith(".json")).map((file) => file.replace(".json", ""))
const kind = dataplaneKind({ zone: "zone-1", copyTags: ["team"], outboundAddress: "loopback" })

const read = (name: string): DataplaneObservation => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))

const judge = (observation: DataplaneObservation): Decision<"Dataplane"> => {
  const first = decide(kind, startOf(kind, observation), { type: "OBSERVED", observation }, 0)
  return first.phase === "valid" && first.desired !== null
    ? decide(kind, first.snapshot, { type: "STORED", observation }, 0)
    : first
}

const asText = ({ phase, desired, conditions, wakeAt, retry, terminal }: Decision<"Dataplane">): string =>
  stringify({
    phase,
    outcome: { wakeAt, retry, terminal },
    conditions: conditions.map(({ type, status, reason, message }) => ({ type, status, reason, message })),
    desired
  }, { lineWidth: 0 })

/** The resource as the store would hold it after this decision. */
const storedBy = (observation: DataplaneObservation): Resource<"Dataplane"> => {
  const { desired } = judge(observation)
  if (desired === null) throw new Error("nothing was desired")
  return { ...desired, version: 1, creationTime: "", modificationTime: "" }
}

describe("what is decided about a workload's task", () => {
  it.each(names)("%s", (name) => {
    const file = join(folder, `${name}.yaml`)
    const text = asText(judge(read(name)))
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text)
    expect(existsSync(file)).toBe(true)
    expect(text).toBe(readFileSync(file, "utf8"))
  })

  it("a task that stops keeps its Dataplane, without traffic, whatever its containers say", () => {
    const before = read("fargate-one-port")
    const stored = storedBy(before)
    expect(stored.spec.networking?.inbound?.[0]?.state).toBe("Ready")
    const { look } = read("stopping-before-it-was-registered")
    const { phase, desired } = judge({ ...before, look, stored })
    expect(phase).toBe("draining")
    expect(desired?.spec.networking?.inbound?.[0]).toMatchObject({
      state: "NotReady", health: { ready: false }, port: 15050
    })
  })

  it("a task that stops is its service's last resort for as long as all of its containers run", () => {
    const before = read("fargate-one-port")
    const { look } = read("stopping-before-it-was-registered")
    const stopping = (lastStatus: string, stored: Resource<"Dataplane">) => {
      if (look.task === null) throw new Error("no task")
      const [app, ...others] = look.task.containers.map((container) => ({ ...container, lastStatus: "RUNNING" }))
      if (app === undefined) throw new Error("no container")
      const task = { ...look.task, containers: [{ ...app, lastStatus }, ...others] }
      return judge({ ...before, look: { ...look, task }, stored }).desired?.labels["ecs-mesh.io/last-resort"]
    }
    const stored = storedBy(before)
    expect(stored.labels["ecs-mesh.io/last-resort"]).toBeUndefined()
    expect(stopping("RUNNING", stored)).toBe("true")
    expect(stopping("STOPPED", stored)).toBeUndefined()
    // One that never was ready isn't.
    const unready = storedBy(read("health-check-not-yet-healthy"))
    expect(stopping("RUNNING", { ...unready, name: stored.name })).toBeUndefined()
  })

  it("a task that ECS doesn't know any more leaves nothing", () => {
    const before = read("fargate-one-port")
    const look = { ...before.look, task: null, definition: null }
    expect(judge({ ...before, look, stored: storedBy(before) })).toMatchObject({ phase: "gone", desired: null })
  })

  it("a registered task whose tag can't be read any more keeps what was good", () => {
    const before = read("fargate-one-port")
    const stored = storedBy(before)
    const { look } = read("outbounds-that-cannot-be-read")
    const { phase, desired, conditions } = judge({ ...before, look, stored })
    expect(phase).toBe("registered")
    expect(desired?.spec).toEqual(stored.spec)
    expect(conditions.find(({ type }) => type === "Registered")).toMatchObject({ reason: "LastGoodKept" })
  })

  it("a registered task whose role lost its tags loses its Dataplane", () => {
    const before = read("fargate-one-port")
    const { look } = read("untagged-role")
    expect(judge({ ...before, look, stored: storedBy(before) })).toMatchObject({ phase: "refused", desired: null })
  })

  it("a registered task whose role stands for another service now is refused, though nothing new can be derived", () => {
    const before = read("fargate-one-port")
    const stored = storedBy(before)
    const { look } = read("outbounds-that-cannot-be-read")
    if (look.role.status !== "read") throw new Error("no role")
    const role = { ...look.role.role, tags: { ...look.role.role.tags, "kuma.io/service": "else" } }
    const decision = judge({ ...before, look: { ...look, role: { status: "read", role } }, stored })
    expect(decision).toMatchObject({ phase: "refused", desired: null })
    expect(decision.conditions.find(({ type }) => type === "Accepted")).toMatchObject({ reason: "RoleServiceMismatch" })
  })

  it("an inbound makes room for an outbound that its owner put on the same address and port", () => {
    const onTask = dataplaneKind({ zone: "zone-1", copyTags: [], outboundAddress: "task" })
    const derived = onTask.derive(read("outbounds-of-a-tag"))
    if (!derived.ok) throw new Error(derived.message)
    expect(derived.value.spec.networking?.inbound?.[0]?.port).toBe(15051)
    expect(derived.value.spec.networking?.outbound?.[0]).toMatchObject({ address: "10.0.0.139", port: 15050 })
  })

  it("two services on one outbound port are refused, and nothing is registered", () => {
    const { look, ...rest } = read("outbounds-of-a-tag")
    if (look.task === null) throw new Error("no task")
    const task = { ...look.task, tags: { "kuma.io/outbounds": "kv:15050 redis:15050" } }
    expect(kind.derive({ ...rest, look: { ...look, task } })).toMatchObject({ ok: false, reason: "PortTakenTwice" })
  })

  it("the same look gives the same decision", () => {
    for (const name of names) expect(asText(judge(read(name)))).toBe(asText(judge(read(name))))
  })
})
