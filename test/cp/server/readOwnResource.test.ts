import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { readOwnResource } from "../../../src/cp/server/readOwnResource.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"

const proxy: ProxyId = { proxyType: "dataplane", mesh: "default", name: "kv-1" }

const yaml = (changes: Readonly<Record<string, unknown>> = {}) =>
  JSON.stringify({
    type: "Dataplane",
    mesh: "default",
    name: "kv-1",
    networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "kv" } }] },
    ...changes
  })

describe("a resource that a proxy brings along", () => {
  it("is taken as JSON too, with what kuma-dp writes into it", () => {
    // kuma-dp renders its template anew: times of year 1, and a kri.
    const time = "0001-01-01T00:00:00Z"
    const text = yaml({ creationTime: time, modificationTime: time, kri: "kri_dp_default___kv-1_" })
    expect(readOwnResource(text, proxy, "zone-1")).toMatchObject({ resource: { type: "Dataplane", name: "kv-1" } })
  })

  it.each([
    ["is of another name", yaml({ name: "kv-2" }), "default/kv-2"],
    ["is of another mesh", yaml({ mesh: "other" }), "other/kv-1"],
    ["is of another kind", yaml({ type: "ZoneEgress", mesh: undefined, networking: {} }), "must be a Dataplane"],
    ["is two documents", `---\n${yaml()}\n---\n${yaml()}`, "one YAML document, found 2"],
    ["is none", "", "one YAML document, found 0"],
    ["is broken", "type: [", "document 1"],
    ["is broken JSON", yaml().slice(0, -1), "begins like JSON, and isn't JSON"],
    ["has a key twice", yaml().replace("{", '{"name":"kv-2",'), "has the key \"name\" twice"],
    ["has a key twice as YAML", `name: kv-1\nname: kv-2`, "a key stands twice in a map"],
    ["is YAML that begins like JSON", "{type: Dataplane}", "begins like JSON, and isn't JSON"],
    ["is a lot of YAML", `# ${"x".repeat(32 * 1024)}\n${stringify(JSON.parse(yaml()))}`, "bring it as JSON"],
    ["is nested without end", yaml({ metrics: JSON.parse("[".repeat(200) + "]".repeat(200)) }), "nested deeper than 64"],
    [
      "holds too much", yaml({ networking: { inbound: Array.from({ length: 30_000 }, () => 1) } }),
      "holds 30005 fields and items of lists, and may hold 20000"
    ],
    ["is YAML that holds itself", "type: Dataplane\nnetworking: &a [*a, *a, *a]", "holds more than 1000000 fields"],
    ["holds what can't be kept", yaml({ labels: { a: "\0" } }), "holds a NUL character"],
    ["makes no sense", yaml({ networking: { address: "0.0.0.0" } }), "must not be 0.0.0.0"],
    ["says that it is of another zone", yaml({ labels: { "kuma.io/zone": "zone-2" } }), "should have zone-1 value"],
    ["says that it is a task's", yaml({ labels: { "ecs-mesh.io/task": "1" } }), "remove this one"],
    ["says where to listen", yaml({ labels: { "ecs-mesh.io/listen-80": "81" } }), "remove this one"]
  ])("is refused where it %s", (_, text, message) => {
    const read = readOwnResource(text, proxy, "zone-1")
    expect("violations" in read ? read.violations.map((violation) => violation.message).join() : "").toContain(message)
  })

  it("may have hundreds of ports with their tags", () => {
    const port = (index: number) => ({
      port: index + 1, servicePort: 60_000, serviceAddress: "10.0.0.1", state: "Ready", name: `p${index}`,
      tags: { "kuma.io/service": `kv-${index}`, "kuma.io/protocol": "http", version: "1", region: "a", team: "b" }
    })
    const inbound = Array.from({ length: 500 }, (_, index) => port(index))
    const outbound = Array.from({ length: 1_000 }, (_, index) =>
      ({ port: 10_000 + index, tags: { "kuma.io/service": `kv-${index}` } }))
    const text = yaml({ networking: { address: "10.0.0.1", inbound, outbound } })
    expect(readOwnResource(text, proxy, "zone-1")).toMatchObject({ resource: { type: "Dataplane" } })
  })

  it("says what was left out of it", () => {
    expect(readOwnResource(yaml({ networkng: {} }), proxy, "zone-1")).toMatchObject({
      warnings: [{ field: "networkng", message: "unknown field; did you mean \"networking\"?" }]
    })
  })

  it("says the same as JSON and as YAML", () => {
    const spec = {
      networking: {
        address: "10.0.0.1",
        inbound: [{ port: 80, tags: { "kuma.io/service": "kv", version: "1.0", "on": "true" } }]
      }
    }
    expect(readOwnResource(yaml(spec), proxy, "zone-1")).toEqual(
      readOwnResource(stringify(JSON.parse(yaml(spec))), proxy, "zone-1")
    )
    expect(readOwnResource(yaml(spec), proxy, "zone-1")).toHaveProperty("resource")
  })

  it("is read once, however often the same is brought, and anew for another proxy or zone", () => {
    const first = readOwnResource(yaml(), proxy, "zone-1")
    expect(readOwnResource(yaml(), { ...proxy }, "zone-1")).toBe(first)
    expect(readOwnResource(yaml(), { ...proxy, name: "kv-2" }, "zone-1")).toHaveProperty("violations")
    expect(readOwnResource(yaml(), { ...proxy, proxyType: "ingress", mesh: "" }, "zone-1")).toHaveProperty("violations")
    const labelled = yaml({ labels: { "kuma.io/zone": "zone-1" } })
    expect(readOwnResource(labelled, proxy, "zone-1")).toHaveProperty("resource")
    expect(readOwnResource(labelled, proxy, "zone-2")).toHaveProperty("violations")
  })

  it("is forgotten where many large ones came since: together they may hold so much memory and no more", () => {
    const first = readOwnResource(yaml(), proxy, "zone-1")
    for (let size = 1_000_000; size < 1_000_016; size++) readOwnResource(yaml() + " ".repeat(size), proxy, "zone-1")
    expect(readOwnResource(yaml(), proxy, "zone-1")).not.toBe(first)
    expect(readOwnResource(yaml(), proxy, "zone-1")).toEqual(first)
  })
})
