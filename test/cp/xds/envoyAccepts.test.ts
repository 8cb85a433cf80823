import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { JsonObject } from "@bufbuild/protobuf"
import { afterAll, describe, expect, it } from "vitest"
import { toolPaths } from "../../../localstack/tools.ts"
import { goldenCases, translateCase } from "./goldens.ts"

const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-validate-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

/** A route configuration is validated by a listener that holds it: `--mode validate` fetches nothing. */
const listenerOf = (route: unknown, index: number) => ({
  name: `route-${index}`,
  address: { socketAddress: { address: "127.0.0.1", portValue: 20000 + index } },
  filterChains: [{
    filters: [{
      name: "envoy.filters.network.http_connection_manager",
      typedConfig: {
        "@type": HCM,
        statPrefix: "route",
        routeConfig: route,
        httpFilters: [
          {
            name: "envoy.filters.http.rbac",
            typedConfig: { "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC" }
          },
          {
            name: "envoy.filters.http.router",
            typedConfig: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" }
          }
        ]
      }
    }]
  }]
})

/** Likewise an assignment, by a cluster that holds it. */
const clusterOf = (assignment: unknown, index: number) => ({
  name: `assignment-${index}`,
  type: "STATIC",
  connectTimeout: "1s",
  loadAssignment: { ...(assignment as JsonObject), clusterName: `assignment-${index}` }
})

const proxies = goldenCases.flatMap((name) =>
  translateCase(name).map(({ proxy, rendered }) => [`${name} ${proxy.proxyType} ${proxy.name}`, rendered] as const)
)

describe("Envoy", () => {
  it.each(proxies)("takes the resources of %s", (name, rendered) => {
    const file = join(folder, `${name.replaceAll(" ", "-")}.json`)
    writeFileSync(file, JSON.stringify({
      node: { id: "validate", cluster: "validate" },
      dynamicResources: {
        adsConfig: {
          apiType: "DELTA_GRPC",
          transportApiVersion: "V3",
          grpcServices: [{ envoyGrpc: { clusterName: "ads_cluster" } }]
        }
      },
      staticResources: {
        listeners: [...rendered.listeners, ...rendered.routes.map(listenerOf)],
        clusters: [
          { name: "ads_cluster", type: "STATIC", connectTimeout: "1s", loadAssignment: { clusterName: "ads_cluster" } },
          ...rendered.clusters,
          ...rendered.endpoints.map(clusterOf)
        ]
      }
    }))
    const { status, stderr } = spawnSync(toolPaths().envoy, [
      "--mode", "validate", "--log-level", "warning", "--config-path", file
    ], { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" })
    expect(status, stderr).toBe(0)
    // Nor does it say of anything that it is deprecated.
    expect(stderr).not.toMatch(/deprecated|\[(warning|error|critical)\]/)
  })
})
