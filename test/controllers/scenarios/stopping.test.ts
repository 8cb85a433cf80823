import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { decode } from "../../../src/controllers/event/decode.ts"
import type { ObservedTask, TaskObservation } from "../../../src/controllers/lifecycle/TaskObservation.ts"
import { after, judge, recorded, stateOf, taskOf, withContainers, withHealth, withTask } from "./looks.ts"

const before = recorded()
const { look } = before
const isLastResort = (seen: TaskObservation): boolean =>
  judge(after(before, seen)).desired?.labels["ecs-mesh.io/last-resort"] === "true"

/** What the recorded event says of its task, for a look at the same moment. */
const saidBy = (name: string): Pick<ObservedTask, "desiredStatus" | "lastStatus" | "version"> => {
  const file = join(import.meta.dirname, "..", "..", "..", "localstack", "events", `${name}.json`)
  const decoded = decode(readFileSync(file, "utf8"))
  if (decoded._tag !== "TaskChanged") throw new Error(`${name} is no event of a task`)
  const { desiredStatus, lastStatus, version } = decoded.event.detail
  return { desiredStatus, lastStatus, version }
}

describe("a task that ECS stops", () => {
  const events = [
    "fargate-spot-interruption",
    "fargate-terminated-by-maintenance",
    "fargate-failed-load-balancer-checks",
    "fargate-service-to-be-stopped",
    "ec2-bridge-stopping",
    "ec2-host-stopping"
  ]
  it.each(events)("gets no traffic from the first word of it on, and helps out while it can (%s)", (name) => {
    expect(stateOf(judge(before))).toBe("Ready")
    const said = withTask(look, saidBy(name))
    const decision = judge(after(before, said))
    expect(decision.phase).toBe("draining")
    expect(stateOf(decision)).toBe("NotReady")
    expect(isLastResort(said)).toBe(true)
  })

  it("for its health helps nobody out, even if its health wasn't seen before", () => {
    const said = saidBy("fargate-failed-health-checks")
    expect(isLastResort(withTask(withHealth(look, "HEALTHY"), said))).toBe(true)
    const ill = withTask(withHealth(look, "UNHEALTHY"), said)
    expect(stateOf(judge(after(before, ill)))).toBe("NotReady")
    expect(isLastResort(ill)).toBe(false)
  })

  it("loses its traffic by its health before ECS stops it", () => {
    const decision = judge(after(before, withHealth(look, "UNHEALTHY")))
    expect(decision.phase).toBe("registered")
    expect(stateOf(decision)).toBe("NotReady")
    expect(decision.wakeAt).not.toBeNull()
  })

  it("and that never started leaves nothing", () => {
    const pending = { ...before, look: withTask(look, { lastStatus: "PROVISIONING", address: null }) }
    const { desired, phase } = judge({ ...pending, look: withTask(pending.look, saidBy("fargate-failed-to-start")) })
    expect({ desired, phase }).toEqual({ desired: null, phase: "gone" })
  })
})

describe("a task stuck on its way out", () => {
  it("is looked at every few seconds, and keeps its Dataplane, without traffic, until its containers ended", () => {
    const stuck = withTask(look, { lastStatus: "DEACTIVATING", desiredStatus: "STOPPED", version: 5 })
    let seen = after(before, stuck)
    for (let round = 0; round < 3; round++) {
      const decision = judge(seen)
      expect(decision).toMatchObject({ phase: "draining", wakeAt: 5_000 })
      expect(stateOf(decision)).toBe("NotReady")
      seen = after(seen, stuck)
    }
    // Its containers have ended, and ECS still waits for something.
    expect(judge(after(seen, withContainers(stuck, { lastStatus: "STOPPED" }))).desired?.labels)
      .not.toHaveProperty("ecs-mesh.io/last-resort")
    expect(judge(after(seen, withTask(stuck, { lastStatus: "DEPROVISIONING", version: 7 })))).toMatchObject({
      phase: "gone", desired: null
    })
  })
})

describe("a container that is started anew in its task", () => {
  const [app, sidecar] = taskOf(look).containers
  if (app === undefined || sidecar === undefined) throw new Error("no containers")
  const states = (lastStatus: string, healthStatus: string, of: "app" | "sidecar", checked = false) => {
    const containers = [app, sidecar].map((one) => (one.name === of ? { ...one, lastStatus, healthStatus } : one))
    return withTask(checked ? withHealth(look, "HEALTHY") : look, { containers })
  }

  it.each(["app", "sidecar"] as const)("takes the traffic away while it doesn't run (%s)", (name) => {
    expect(stateOf(judge(after(before, states("STOPPED", "UNKNOWN", name))))).toBe("NotReady")
    expect(stateOf(judge(after(before, states("PENDING", "UNKNOWN", name))))).toBe("NotReady")
    expect(stateOf(judge(after(before, states("RUNNING", "UNKNOWN", name))))).toBe("Ready")
  })

  it("takes it away until its health is known again, where it has a health check", () => {
    expect(stateOf(judge(after(before, states("RUNNING", "UNKNOWN", "sidecar", true))))).toBe("NotReady")
  })
})

describe("a service that is called otherwise while its tasks run", () => {
  const renamed = (tags: Readonly<Record<string, string>>): TaskObservation => {
    if (look.role.status !== "read") throw new Error("no role")
    const role = { ...look.role.role, tags: { ...look.role.role.tags, ...tags } }
    return { ...look, role: { status: "read", role } }
  }

  it("is called so at the next look, without a gap, under the new name alone", () => {
    const { desired, phase } = judge(after(before, renamed({ "kuma.io/service": "store" })))
    expect(phase).toBe("registered")
    const services = desired?.spec.networking?.inbound?.map(({ state, tags }) => [tags?.["kuma.io/service"], state])
    expect(services).toEqual([["store", "Ready"]])
  })

  it("by its role, names both services that share the role", () => {
    const shared = renamed({ "kuma.io/service": "store" })
    const names = ["kv", "redis"].map((service) => {
      const { desired } = judge({ ...before, look: withTask(shared, { group: `service:${service}` }) })
      return desired?.spec.networking?.inbound?.[0]?.tags?.["kuma.io/service"]
    })
    expect(names).toEqual(["store", "store"])
    const own = ["kv", "redis"].map((service) => {
      const { desired } = judge({ ...before, look: withTask(look, { group: `service:${service}` }) })
      return desired?.spec.networking?.inbound?.[0]?.tags?.["kuma.io/service"]
    })
    expect(own).toEqual(["kv", "redis"])
  })
})

describe("a task of no service", () => {
  it("is called by its family, whoever started it", () => {
    const { desired } = judge({ ...before, look: withTask(look, { group: "family:report" }) })
    expect(desired?.spec.networking?.inbound?.[0]?.tags?.["kuma.io/service"]).toBe("kv-family")
  })
})
