import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { dataplaneKind } from "../../../src/controllers/dataplane/desired.ts"
import type { DataplaneObservation } from "../../../src/controllers/dataplane/observe.ts"
import { decide, type Decision, startOf } from "../../../src/controllers/lifecycle/decide.ts"
import type { TaskObservation } from "../../../src/controllers/lifecycle/TaskObservation.ts"
import type { Resource } from "../../../src/model/Resource.ts"

const folder = join(import.meta.dirname, "..", "..", "golden", "controllers", "observations")
const names = readdirSync(folder).filter((file) => file.endsWith(".json")).map((file) => file.replace(".json", ""))
const kind = dataplaneKind({ zone: "zone-1", copyTags: ["team"], outboundAddress: "loopback" })

const onTask = dataplaneKind({ zone: "zone-1", copyTags: [], outboundAddress: "task" })

const read = (name: string): DataplaneObservation => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))

const judge = (observation: DataplaneObservation, by = kind): Decision<"Dataplane"> => {
  const first = decide(by, startOf(by, observation), { type: "OBSERVED", observation }, 0)
  return first.phase === "valid" && first.desired !== null
    ? decide(by, first.snapshot, { type: "STORED", observation }, 0)
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

const portsOf = (derived: ReturnType<typeof kind.derive>): ReadonlyArray<number> => {
  if (!derived.ok) throw new Error(derived.message)
  return (derived.value.spec.networking?.inbound ?? []).map(({ port }) => port)
}

/** The task's definition with one container of the app that maps these ports. */
const withContainerPorts = ({ definition }: TaskObservation, ...ports: ReadonlyArray<number>) => {
  if (definition === null) throw new Error("no definition")
  const app = definition.containers.find(({ sidecar }) => sidecar === null)
  if (app === undefined) throw new Error("no app")
  const portMappings = ports.map((containerPort) => ({ containerPort, name: null, appProtocol: null }))
  return {
    ...definition,
    containers: [
      { ...app, labels: {}, portMappings },
      ...definition.containers.filter(({ sidecar }) => sidecar !== null)
    ]
  }
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

  it("a registered task whose role stands for another service now is refused, even if nothing new follows", () => {
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
    const derived = onTask.derive(read("outbounds-of-a-tag"))
    if (!derived.ok) throw new Error(derived.message)
    expect(derived.value.spec.networking?.inbound?.[0]?.port).toBe(15051)
    expect(derived.value.spec.networking?.outbound?.[0]).toMatchObject({ address: "10.0.0.139", port: 15050 })
  })

  it("an inbound that made room is told to the task's owner", () => {
    const { conditions } = judge(read("outbounds-of-a-tag"), onTask)
    const registered = conditions.find(({ type }) => type === "Registered")
    expect(registered).toMatchObject({ status: "True", reason: "Stored" })
    expect(registered?.message).toContain("others call port 5050 of app on 15051, as 15050 of that address is taken")
    const onLoopback = judge(read("outbounds-of-a-tag")).conditions.find(({ type }) => type === "Registered")
    expect(onLoopback?.message).not.toContain("taken")
  })

  it("an inbound that makes room takes no other inbound's port", () => {
    const { look, ...rest } = read("several-ports")
    if (look.task === null) throw new Error("no task")
    const task = { ...look.task, tags: { "kuma.io/outbounds": "redis:15050" } }
    const definition = withContainerPorts(look, 5050, 5051)
    expect(portsOf(onTask.derive({ ...rest, look: { ...look, task, definition } }))).toEqual([15052, 15051])
  })

  it("a service whose port of the mesh is the task's own is named to its owner", () => {
    const { look, ...rest } = read("fargate-one-port")
    const told = (outboundPorts: Readonly<Record<string, number>>, ...ports: ReadonlyArray<number>) => {
      const observation = { ...rest, outboundPorts, look: { ...look, definition: withContainerPorts(look, ...ports) } }
      return judge(observation).conditions.find(({ type }) => type === "Registered")?.message ?? ""
    }
    const message = "mongo can't be called, as its port 127.0.0.1:27017 is the task's own"
    expect(told({ mongo: 27017 }, 27017)).toContain(message)
    expect(told({ mongo: 27018 }, 27017)).not.toContain("can't be called")
    // Envoy's inbound listens on the task's address, and outbounds on loopback.
    expect(told({ mongo: 27017 }, 17017)).not.toContain("can't be called")
  })

  it("a service that nobody offers is left out of what a task calls, and named", () => {
    const { look, ...rest } = read("outbounds-of-a-tag")
    if (look.task === null) throw new Error("no task")
    const task = { ...look.task, tags: { "kuma.io/outbounds": "redis nobody" } }
    const { conditions, desired, phase } = judge({ ...rest, outboundPorts: { redis: 22_000 }, look: { ...look, task } })
    expect(phase).toBe("registered")
    expect(desired?.labels["ecs-mesh.io/outbounds"]).toBeUndefined()
    expect(desired?.spec.networking?.outbound).toEqual([
      { address: "127.0.0.1", port: 22_000, tags: { "kuma.io/service": "redis" } }
    ])
    expect(conditions.find(({ type }) => type === "Registered")?.message).toContain("nobody offers nobody yet")
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
