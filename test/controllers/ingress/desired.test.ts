import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ingressKind } from "../../../src/controllers/ingress/desired.ts"
import type { ZoneIngressObservation } from "../../../src/controllers/ingress/observe.ts"
import { decide, startOf } from "../../../src/controllers/lifecycle/decide.ts"
import { neverConnected } from "../../../src/controllers/lifecycle/ProxyObservation.ts"
import type { TaskObservation } from "../../../src/controllers/lifecycle/TaskObservation.ts"
import type { Resource } from "../../../src/model/Resource.ts"

const golden = join(import.meta.dirname, "..", "..", "golden", "controllers", "observations", "fargate-one-port.json")
const { look: workload }: { readonly look: TaskObservation } = JSON.parse(readFileSync(golden, "utf8"))
const kind = ingressKind("zone-1")

const stored: Resource<"ZoneIngress"> = {
  type: "ZoneIngress", mesh: "", name: workload.taskId, labels: { "ecs-mesh.io/task": workload.taskId },
  version: 1, creationTime: "", modificationTime: "",
  spec: {
    networking: { address: "10.0.0.139", port: 10_001, advertisedAddress: "203.0.113.7", advertisedPort: 443 },
    availableServices: [{ mesh: "default", tags: { "kuma.io/service": "kv" }, instances: 1 }]
  }
}

const decided = (desiredStatus: string) => {
  if (workload.task === null || workload.definition === null) throw new Error("no task")
  const sidecar = { proxyType: "ingress", mesh: null, template: null, templateVariables: {} } as const
  const look: TaskObservation = {
    ...workload,
    task: {
      ...workload.task,
      desiredStatus,
      tags: { "ecs-mesh.io/advertised-address": "203.0.113.7", "ecs-mesh.io/advertised-port": "443" }
    },
    definition: {
      ...workload.definition,
      containers: workload.definition.containers.map((one) => one.sidecar === null ? one : { ...one, sidecar })
    },
    role: { status: "read", role: { arn: "arn:aws:iam::1:role/i", roleId: "AROA", tags: { "kuma.io/type": "ingress" } } }
  }
  const observation: ZoneIngressObservation = { look, previous: null, stored, connection: neverConnected }
  return decide(kind, startOf(kind, observation), { type: "OBSERVED", observation }, 0)
}

describe("a task that runs an ingress", () => {
  it("is advertised to other zones while it runs", () => {
    const { desired, phase } = decided("RUNNING")
    expect(phase).toBe("registered")
    expect(desired?.spec).toEqual(stored.spec)
  })

  it("isn't advertised any more once it shall stop, and keeps what its own proxy is made of", () => {
    const { desired, phase } = decided("STOPPED")
    expect(phase).toBe("draining")
    expect(desired?.spec).toEqual({ networking: { address: "10.0.0.139", port: 10_001 } })
  })
})
