import { describe, expect, it } from "vitest"
import { bootstrapConfig } from "../../../src/cp/bootstrap/bootstrapConfig.ts"
import { nodeSettings } from "../../../src/cp/server/nodeSettings.ts"

const base = { zone: "zone-1", accessLogPath: "/dev/stdout" }

describe("what a node says of itself", () => {
  it("is what its bootstrap had it say", () => {
    const { metadata } = bootstrapConfig({ name: "kv-1", version: { envoy: { version: "1.40.0" } } }, {
      proxy: { proxyType: "dataplane", mesh: "default", name: "kv-1" },
      service: "kv",
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
      node: { proxy: "kv-1", source: "kv" }
    })
  })

  it.each([
    [{}],
    [{ "ecs-mesh.proxy": "", "ecs-mesh.source": 1, "dataplane.admin.port": "nine" }]
  ])("is nothing where it is missing or isn't what it should be: %j", (metadata) => {
    expect(nodeSettings(metadata, base)).toEqual({
      ...base,
      admin: null,
      readiness: null,
      node: { proxy: null, source: null }
    })
  })
})
