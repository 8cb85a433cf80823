// Envoy refuses a route whose pattern makes a program of more than 100 instructions, unless its runtime says otherwise.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { startProcess } from "../../../localstack/process/startProcess.ts"
import { toolPaths } from "../../../localstack/tools.ts"
import { bootstrapConfig } from "../../../src/cp/bootstrap/bootstrapConfig.ts"
import { renderYaml } from "../../../src/cp/bootstrap/renderYaml.ts"

const config = bootstrapConfig({ name: "kv-1" }, {
  proxy: { proxyType: "dataplane", mesh: "default", name: "kv-1" },
  service: "kv",
  address: "10.0.0.1",
  xdsHost: "127.0.0.1",
  xdsPort: 5_678,
  connectTimeoutMillis: 1_000,
  caPem: "",
  adminAddress: "127.0.0.1",
  adminPort: 9_901,
  readinessPort: 9_902,
  reloadableTokens: false,
  variant: "delta"
})

const http = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

/** What a MeshHTTPRoute with a host's name in its path becomes. */
const listener = {
  name: "a",
  address: { socket_address: { address: "127.0.0.1", port_value: 1 } },
  filter_chains: [{
    filters: [{
      name: "envoy.filters.network.http_connection_manager",
      typed_config: {
        "@type": http,
        stat_prefix: "a",
        route_config: {
          virtual_hosts: [{
            name: "a",
            domains: ["*"],
            routes: [{
              match: { safe_regex: { regex: "/hosts/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?" } },
              direct_response: { status: 200 }
            }]
          }]
        }
      }
    }]
  }]
}

it("a route by a large pattern is taken", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ecs-mesh-patterns-"))
  const file = join(folder, "bootstrap.yaml")
  const { admin, node } = config
  await writeFile(file, renderYaml({ admin, node, layered_runtime: config["layered_runtime"], static_resources: { listeners: [listener] } }))
  const envoy = await startProcess({
    command: toolPaths().envoy,
    args: ["--mode", "validate", "--config-path", file, "--log-level", "warning"]
  })
  const ended = await envoy.exited
  await rm(folder, { recursive: true })
  expect([ended.code, envoy.output()]).toEqual([0, expect.stringContaining("OK")])
})
