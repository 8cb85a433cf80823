import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { dataplaneKind } from "../../../src/controllers/dataplane/desired.ts"
import type { DataplaneObservation } from "../../../src/controllers/dataplane/observe.ts"
import { decide, startOf } from "../../../src/controllers/lifecycle/decide.ts"
import { ecsTask } from "../../../src/controllers/lifecycle/ecsTask.ts"
import { connectionOf, neverConnected } from "../../../src/controllers/lifecycle/ProxyObservation.ts"
import type { Subscription } from "../../../src/model/DataplaneInsight.ts"
import type { Resource } from "../../../src/model/Resource.ts"

const kind = dataplaneKind({ zone: "zone-1", copyTags: [], outboundAddress: "loopback" })
const golden = join(import.meta.dirname, "..", "..", "golden", "controllers", "observations", "fargate-one-port.json")
const observed: DataplaneObservation = JSON.parse(readFileSync(golden, "utf8"))

const subscription = (listeners: string, online: boolean): Subscription => ({
  id: "1",
  controlPlaneInstanceId: "cp",
  connectTime: "2026-01-01T00:00:00Z",
  ...(online ? {} : { disconnectTime: "2026-01-01T00:01:00Z" }),
  status: { total: {}, cds: {}, eds: {}, rds: {}, lds: { responsesAcknowledged: listeners } }
})

const insight = (...subscriptions: ReadonlyArray<Subscription>) => ({ subscriptions })

/** The EcsTask after a look at a proxy with this connection. */
const after = (connection: DataplaneObservation["connection"], before: Resource<"EcsTask"> | null = null) => {
  const observation = { ...observed, previous: before, connection }
  const { task } = observation.look
  if (task === null) throw new Error("no task")
  const decision = decide(kind, startOf(kind, observation), { type: "OBSERVED", observation }, 0)
  const resource = ecsTask(observation, task, decision, "zone-1")
  return {
    ready: decision.desired?.spec.networking?.inbound?.[0]?.state === "Ready",
    task: { ...resource, version: 1, creationTime: "", modificationTime: "" }
  }
}

const accepted = after(connectionOf(insight(subscription("1", true)), null)).task

describe("a proxy that accepted its listeners", () => {
  it("is ready", () => {
    expect(after(connectionOf(insight(subscription("1", true)), null)).ready).toBe(true)
    expect(after(connectionOf(insight(subscription("0", true)), null)).ready).toBe(false)
    expect(after(neverConnected).ready).toBe(false)
  })

  it("stays ready when the stream on which it did is forgotten for newer ones", () => {
    const connection = connectionOf(insight(subscription("0", false), subscription("0", true)), accepted)
    expect(connection).toEqual({ online: true, acknowledged: true })
    expect(after(connection, accepted).ready).toBe(true)
  })

  it("stays ready when its insight is removed, however often it is looked at then", () => {
    const once = after(connectionOf(null, accepted), accepted)
    expect(once.ready).toBe(true)
    const twice = after(connectionOf(null, once.task), once.task)
    expect(twice.ready).toBe(true)
    expect(twice.task.spec.conditions.find(({ type }) => type === "SidecarConnected")).toMatchObject({
      status: "False", reason: "Disconnected"
    })
  })

  it("isn't one that never did", () => {
    const pending = after(connectionOf(insight(subscription("0", true)), null)).task
    expect(connectionOf(null, pending)).toEqual(neverConnected)
    expect(connectionOf(null, after(neverConnected).task)).toEqual(neverConnected)
  })
})
