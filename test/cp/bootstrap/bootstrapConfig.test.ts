import { describe, expect, it } from "vitest"
import { bootstrapConfig, type BootstrapParams } from "../../../src/cp/bootstrap/bootstrapConfig.ts"
import type { BootstrapRequest } from "../../../src/model/Bootstrap.ts"
import { NODE_ADDRESS, NODE_PROXY, NODE_SOURCE } from "../../../src/model/nodeMetadata.ts"

const params: BootstrapParams = {
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
}

const text = (value: unknown): string => JSON.stringify(value)

describe("a bootstrap", () => {
  it("names the node as the mesh does, a zone proxy's without a mesh", () => {
    expect(bootstrapConfig({ name: "kv-1" }, params)["node"]).toMatchObject({ id: "default.kv-1", cluster: "kv" })
    const ingress = { ...params, service: "ingress", proxy: { proxyType: "ingress", mesh: "", name: "in-1" } } as const
    expect(bootstrapConfig({ name: "in-1" }, ingress)["node"]).toMatchObject({ id: ".in-1", cluster: "ingress" })
  })

  it("carries what the proxy told of itself in the metadata that Kuma's do", () => {
    const node = bootstrapConfig({
      name: "kv-1",
      dataplaneResource: "type: Dataplane",
      dynamicMetadata: { team: "a" },
      dnsPort: 15_053,
      features: ["feature-x"],
      workdir: "/tmp/x",
      version: { envoy: { version: "1.40.0" } },
      metricsResources: { certPath: "/c", keyPath: "/k" },
      systemCaPath: "/ca",
      appProbeProxyDisabled: true
    }, params)["node"]
    expect(node).toMatchObject({
      metadata: {
        "dataplane.admin.port": "9901",
        "dataplane.admin.address": "127.0.0.1",
        "dataplane.readinessReporter.port": "9902",
        "dataplane.dns.port": "15053",
        "dataplane.proxyType": "dataplane",
        "dataplane.resource": "type: Dataplane",
        "dataplane.appProbeProxy.enabled": "true",
        dynamicMetadata: { team: "a" },
        features: ["feature-x"],
        version: { envoy: { version: "1.40.0" } },
        workdir: "/tmp/x",
        metricsCertPath: "/c",
        metricsKeyPath: "/k",
        systemCaPath: "/ca"
      }
    })
  })

  it.each([
    ["1.40.0", true],
    ["1.34.0", true],
    ["1.33.9", false],
    ["2.0.1", true],
    ["", false],
    [undefined, false]
  ])("of Envoy %s names proxy and service in the metadata where that can log them: %s", (version, can) => {
    const request = { name: "kv-1", ...(version === undefined ? {} : { version: { envoy: { version } } }) }
    const { metadata } = bootstrapConfig(request, params)["node"] as { readonly metadata: object }
    expect([NODE_PROXY in metadata, NODE_SOURCE in metadata]).toEqual([can, can])
    if (can) expect(metadata).toMatchObject({ [NODE_PROXY]: "kv-1", [NODE_SOURCE]: "kv", [NODE_ADDRESS]: "10.0.0.1" })
  })

  it.each([["1.40.0", true], ["1.34.0", true], ["1.33.9", false], [undefined, false]])(
    "bounds how long Envoy %s waits for a name where that knows how: %s",
    (version, can) => {
      const request = { name: "kv-1", ...(version === undefined ? {} : { version: { envoy: { version } } }) }
      const config = bootstrapConfig(request, params)
      expect("typed_dns_resolver_config" in config).toBe(can)
      if (can) expect(text(config["typed_dns_resolver_config"])).toContain('"query_timeout_seconds":1,"query_tries":3')
    }
  )

  it("sends a given token with each stream of Envoy's own client", () => {
    const config = bootstrapConfig({ name: "kv-1", dataplaneToken: "secret", dataplaneTokenPath: "/t" }, params)
    expect(text(config["dynamic_resources"])).toContain('"envoy_grpc":{"cluster_name":"ads_cluster",')
    expect(text(config["dynamic_resources"])).toContain('{"key":"authorization","value":"secret"}')
  })

  it.each([
    ["Envoy's own client", false, [
      '"retry_back_off":{"base_interval":"0.5s","max_interval":"15s"}',
      '"connection_keepalive":{"interval":"10s","timeout":"10s"}'
    ]],
    ["Google's client", true, [
      '"grpc.max_reconnect_backoff_ms":{"int_value":15000}',
      '"grpc.dns_min_time_between_resolutions_ms":{"int_value":5000}',
      '"grpc.keepalive_time_ms":{"int_value":10000}',
      '"grpc.keepalive_timeout_ms":{"int_value":10000}',
      '"grpc.http2.ping_timeout_ms":{"int_value":10000}'
    ]]
  ])("has %s notice within 20 s that the control plane vanished, and go on looking for it", (_, reloadable, parts) => {
    const request = { name: "kv-1", dataplaneToken: "secret", dataplaneTokenPath: "/t" }
    const config = text(bootstrapConfig(request, { ...params, reloadableTokens: reloadable }))
    for (const part of parts) expect(config).toContain(part)
  })

  it("has Envoy reread the token's file where tokens are reloadable, and then holds no token", () => {
    const config = bootstrapConfig(
      { name: "kv-1", dataplaneToken: "secret", dataplaneTokenPath: "/t" },
      { ...params, reloadableTokens: true }
    )
    expect(text(config)).toContain('"secret_data":{"filename":"/t"}')
    expect(text(config)).toContain('"target_uri":"cp.example.test:5678"')
    expect(text(config)).not.toContain('"secret"')
    expect(config["static_resources"]).not.toHaveProperty("clusters")
  })

  it("holds a token although tokens are reloadable where no file has it", () => {
    const config = bootstrapConfig({ name: "kv-1", dataplaneToken: "secret" }, { ...params, reloadableTokens: true })
    expect(text(config)).toContain('"value":"secret"')
  })

  it("resolves a name and says it in the handshake, but neither for an address", () => {
    const named = text(bootstrapConfig({ name: "kv-1" }, params))
    expect(named).toContain('"type":"STRICT_DNS","dns_lookup_family":"ALL"')
    expect(named).toContain('"sni":"cp.example.test"')
    const addressed = text(bootstrapConfig({ name: "kv-1" }, { ...params, xdsHost: "10.0.0.1" }))
    expect(addressed).toContain('"type":"STATIC"')
    expect(addressed).not.toContain('"sni"')
  })

  it("brackets an IPv6 address for Google's client", () => {
    const config = bootstrapConfig(
      { name: "kv-1", dataplaneTokenPath: "/t" },
      { ...params, xdsHost: "fd00::1", reloadableTokens: true }
    )
    expect(text(config)).toContain('"target_uri":"[fd00::1]:5678"')
  })

  it("limits the heap where the proxy knows its own", () => {
    const limited = text(bootstrapConfig({ name: "kv-1", resources: { maxHeapSizeBytes: 1_000 } }, params))
    expect(limited).toContain('"max_heap_size_bytes":1000')
    expect(text(bootstrapConfig({ name: "kv-1", resources: {} }, params))).not.toContain("heap")
  })

  it.each([["delta", "DELTA_GRPC"], ["sotw", "GRPC"]] as const)("over %s ADS is %s", (variant, api) => {
    expect(text(bootstrapConfig({ name: "kv-1" }, { ...params, variant }))).toContain(`"api_type":"${api}"`)
  })

  it("shares with others what is the same for all, and nothing with those who reach the control plane otherwise", () => {
    const limited = { name: "kv-1", resources: { maxHeapSizeBytes: 1 }, dataplaneTokenPath: "/t" }
    const parts = (request: BootstrapRequest, other: Partial<BootstrapParams> = {}) => {
      const config = bootstrapConfig(request, { ...params, ...other })
      return [config["static_resources"], config["overload_manager"]]
    }
    const [statics, overload] = parts(limited)
    const [same, alike] = parts({ ...limited, name: "kv-2", workdir: "/w" }, { service: "web", adminPort: 1 })
    expect([same === statics, alike === overload]).toEqual([true, true])
    for (const other of [{ xdsHost: "other" }, { xdsPort: 1 }, { caPem: "OTHER" }, { connectTimeoutMillis: 2_000 }]) {
      expect(parts(limited, other)[0]).not.toEqual(statics)
    }
    expect(parts(limited, { reloadableTokens: true })[0]).not.toEqual(statics)
    expect(parts({ ...limited, resources: { maxHeapSizeBytes: 2 } })[1]).not.toEqual(overload)
  })
})
