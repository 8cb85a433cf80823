import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { neverConnected } from "../../../src/controllers/lifecycle/ProxyObservation.ts"
import type { TaskObservation } from "../../../src/controllers/lifecycle/TaskObservation.ts"
import { lookAgainAfter, zoneProxy } from "../../../src/controllers/lifecycle/zoneProxy.ts"

const golden = join(import.meta.dirname, "..", "..", "golden", "controllers", "observations", "fargate-one-port.json")
const { look: workload }: { readonly look: TaskObservation } = JSON.parse(readFileSync(golden, "utf8"))
const [ADDRESS, PORT] = ["ecs-mesh.io/advertised-address", "ecs-mesh.io/advertised-port"]

const read = (
  tags: Readonly<Record<string, string>>,
  { labels = {}, ports = [] }: {
    readonly labels?: Readonly<Record<string, string>>
    readonly ports?: ReadonlyArray<number>
  } = {}
) => {
  if (workload.task === null || workload.definition === null) throw new Error("no task")
  const portMappings = ports.map((containerPort) => ({ containerPort, name: null, appProtocol: null }))
  const look: TaskObservation = {
    ...workload,
    task: { ...workload.task, tags },
    definition: {
      ...workload.definition,
      containers: workload.definition.containers.map((one) =>
        one.sidecar === null ? one : { ...one, labels, portMappings })
    }
  }
  return zoneProxy({ look, previous: null, stored: null, connection: neverConnected }, "zone-1", 10_001)
}

describe("a zone proxy", () => {
  it("listens on its container's port, else on the usual one", () => {
    expect(read({})).toMatchObject({ ok: true, value: { port: 10_001, advertised: null } })
    expect(read({}, { ports: [10_009, 10_010] })).toMatchObject({ ok: true, value: { port: 10_009 } })
  })

  it("is advertised where its task or, before that, its container says", () => {
    const tags = { [ADDRESS]: "203.0.113.7", [PORT]: "443" }
    expect(read(tags))
      .toMatchObject({ value: { advertised: { advertisedAddress: "203.0.113.7", advertisedPort: 443 } } })
    expect(read(tags, { labels: { [ADDRESS]: "203.0.113.8", [PORT]: "444" } }))
      .toMatchObject({ value: { advertised: { advertisedAddress: "203.0.113.8", advertisedPort: 444 } } })
  })

  it.each([
    [{ [ADDRESS]: "203.0.113.7" }], [{ [PORT]: "443" }], [{ [ADDRESS]: "203.0.113.7", [PORT]: "0" }],
    [{ [ADDRESS]: "203.0.113.7", [PORT]: "https" }]
  ])("isn't read by halves: %j", (tags) => {
    expect(read(tags)).toMatchObject({ ok: false, reason: "AdvertisedAddressInvalid" })
  })

  it("is looked at again until it has taken its listeners", () => {
    const observation = { look: workload, previous: null, stored: null, connection: neverConnected }
    expect(lookAgainAfter(observation)).toBe(30_000)
    expect(lookAgainAfter({ ...observation, connection: { ...neverConnected, acknowledged: true } })).toBeNull()
  })
})
