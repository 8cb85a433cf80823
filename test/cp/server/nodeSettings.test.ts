import { describe, expect, it } from "vitest"
import { bootstrapConfig } from "../../../src/cp/bootstrap/bootstrapConfig.ts"
import { nodeSettings } from "../../../src/cp/server/nodeSettings.ts"
import { LINE_KEY, NODE_PROXY } from "../../../src/model/nodeMetadata.ts"
import { CARRIES_LINES_FEATURE } from "../../../src/model/proxyFeatures.ts"

const base = { zone: "zone-1", accessLogPath: "/dev/stdout" }

describe("what a node says of itself", () => {
  it("is what its bootstrap had it say", () => {
    const request = {
      name: "kv-1",
      version: { envoy: { version: "1.40.0" } },
      features: [CARRIES_LINES_FEATURE],
      dynamicMetadata: { [LINE_KEY]: "secret" }
    }
    const { metadata } = bootstrapConfig(request, {
      proxy: { proxyType: "dataplane", mesh: "default", name: "kv-1" },
      service: "kv",
      address: "10.0.0.1",
      xdsHost: "cp.example.test",
      xdsPort: 5_678,
      connectTimeoutMillis: 1_000,
      caPem: "PEM",
      adminAddress: "127.0.0.1",
      adminPort: 9_901,
      readinessPort: 9_902,
      reloadableTokens: false,
      variant: "delta"
    })["node"] as { readonly metadata: Readonly<Record<string, unknown>> }
    expect(nodeSettings(metadata, base)).toEqual({
      ...base,
      admin: { address: "127.0.0.1", port: 9_901 },
      readiness: { address: "127.0.0.1", port: 9_902 },
      carriesLines: true,
      node: { proxy: "kv-1", source: "kv", address: "10.0.0.1" }
    })
  })

  it.each([
    ["doesn't carry lines", { [NODE_PROXY]: "kv-1", dynamicMetadata: { [LINE_KEY]: "secret" } }],
    ["has no word to know them by", { [NODE_PROXY]: "kv-1", features: [CARRIES_LINES_FEATURE] }],
    ["has an Envoy that can't say that word", {
      features: [CARRIES_LINES_FEATURE], dynamicMetadata: { [LINE_KEY]: "secret" }
    }]
  ])("has nobody carry lines where its sidecar %s", (_, metadata) => {
    expect(nodeSettings(metadata, base)).not.toHaveProperty("carriesLines")
  })

  it.each([
    [{}],
    [{ "ecs-mesh.proxy": "", "ecs-mesh.source": 1, "dataplane.admin.port": "nine" }]
  ])("is nothing where it is missing or isn't what it should be: %j", (metadata) => {
    expect(nodeSettings(metadata, base)).toEqual({
      ...base,
      admin: null,
      readiness: null,
      node: { proxy: null, source: null, address: null }
    })
  })
})
