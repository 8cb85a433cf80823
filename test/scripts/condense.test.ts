// What is compared of Envoy's own answers, and of its configuration (scripts/compare-with-kuma.ts): what is there.
import { expect, it } from "vitest"
import { condense } from "../../scripts/compare/condense.ts"

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\nstatus 200`

it("a dump says its sections and the names in them, whatever is in these", () => {
  const dumpOf = (port: number, updated: string) =>
    json({
      configs: [
        { "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", bootstrap: { node: { id: "a" } } },
        {
          "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
          version_info: updated,
          dynamic_active_clusters: ["b", "a"].map((name) => ({ last_updated: updated, cluster: { name, port } }))
        },
        {
          "@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump",
          dynamic_endpoint_configs: [{ endpoint_config: { cluster_name: "a" } }]
        }
      ]
    })
  expect(condense(dumpOf(1, "x"))).toBe(condense(dumpOf(2, "y")))
  expect(condense(dumpOf(1, "x"))).toBe(json({
    BootstrapConfigDump: {},
    ClustersConfigDump: { dynamic_active_clusters: [{ name: "a" }, { name: "b" }] },
    EndpointsConfigDump: { dynamic_endpoint_configs: [{ name: "a" }] }
  }))
})

it("a configuration says its resources by type, and which of them a policy would change", () => {
  const listener = "type.googleapis.com/envoy.config.listener.v3.Listener"
  const at = "/type.googleapis.com~1envoy.config.listener.v3.Listener/out:1"
  const answer = json({
    xds: { [listener]: { "out:1": { name: "out:1" } } },
    diff: [{ op: "test", path: `${at}/filterChains/0`, value: 1 }, { op: "replace", path: `${at}/filterChains/0` }]
  })
  expect(condense(answer)).toBe(json({
    diff: [{ name: "Listener out:1" }],
    xds: { Listener: [{ name: "out:1" }] }
  }))
})

it("statistics say what they are about, and clusters who is healthy", () => {
  const counters = Array.from({ length: 60 }, (_, count) => `cluster.orders.upstream_${count}: ${count}`)
  expect(condense([...counters, "server.uptime: 12", "runtime.x: 1", "status 0"].join("\n"))).toBe("cluster.orders\nserver\nstatus 0")
  expect(condense("a::1.2.3.4:80::cx_total::7\na::1.2.3.4:80::health_flags::healthy\nstatus 0"))
    .toBe("a::1.2.3.4:80::health_flags::healthy\nstatus 0")
})

it("whatever else there is stays as it is", () => {
  for (const answer of [json({ items: [] }), "Error: not found\nstatus 1", "name: a\nspec: {}\nstatus 0", "{ no JSON"]) {
    expect(condense(answer)).toBe(answer)
  }
})
