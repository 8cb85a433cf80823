import { describe, expect, it } from "vitest"
import { translateText } from "../../../src/cli/translate.ts"
import { metricsSocket } from "../../../src/cp/xds/kumaSockets.ts"
import type { TranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"

const admin = { address: "127.0.0.1", port: 9901 }
const KUMA_DP = { admin, workdir: "/tmp/dp" }

const meshOf = (conf: object) => ({
  type: "Mesh",
  name: "default",
  metrics: { enabledBackend: "p", backends: [{ name: "p", type: "prometheus", conf }] }
})

const dataplane = {
  type: "Dataplane",
  mesh: "default",
  name: "kv-1",
  networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "kv" } }] }
}

const metric = (spec: object) => ({ type: "MeshMetric", mesh: "default", name: "all", spec: { default: spec } })

const translate = (settings: Partial<TranslateSettings>, ...documents: ReadonlyArray<object>) => {
  const [translated] = translateText(documents.map((one) => JSON.stringify(one)).join("\n---\n"), { settings })
  const text = JSON.stringify(translated?.rendered)
  return { conditions: translated?.conditions ?? [], text }
}

describe("a proxy's metrics", () => {
  it("are kuma-dp's to serve where it shares sockets with its Envoy, and Envoy's own elsewhere", () => {
    const mesh = meshOf({})
    expect(translate(KUMA_DP, mesh, dataplane).text).toContain("/tmp/dp/kuma-mh-kv-1-default.sock")
    const { text } = translate({ admin }, mesh, dataplane)
    expect(text).toContain("\"prefixRewrite\":\"/stats/prometheus\"")
    expect(text).toContain("\"portValue\":9901")
  })

  it("aren't served where nobody asks for them", () => {
    const { conditions, text } = translate(KUMA_DP, { type: "Mesh", name: "default" }, dataplane)
    expect(text).not.toContain("kuma:metrics")
    expect(conditions).toEqual([])
  })

  it("are served nowhere rather than where the proxy listens already, and it is said", () => {
    const { conditions, text } = translate(KUMA_DP, meshOf({ port: 80 }), dataplane)
    expect(text).not.toContain("kuma:metrics:prometheus")
    expect(conditions).toEqual([expect.stringContaining("PortTaken")])
  })

  it("are served nowhere rather than in the clear, where a certificate is asked for that isn't there", () => {
    const provided = meshOf({ tls: { mode: "providedTLS" } })
    const { conditions, text } = translate(KUMA_DP, provided, dataplane)
    expect(text).not.toContain("kuma:metrics:prometheus")
    expect(conditions).toEqual([expect.stringContaining("CertificateMissing")])
    const metricsCertificate = { certPath: "/c.pem", keyPath: "/k.pem" }
    expect(translate({ ...KUMA_DP, metricsCertificate }, provided, dataplane).text).toContain("/c.pem")
  })

  it("of a MeshMetric need kuma-dp for what isn't Envoy's, and it is said", () => {
    const spec = {
      applications: [{ port: 9100 }],
      backends: [{ type: "Prometheus", prometheus: { port: 1001 } }]
    }
    const mesh = { type: "Mesh", name: "default" }
    expect(translate({ admin }, mesh, dataplane, metric(spec)).conditions)
      .toEqual([expect.stringContaining("KumaDpNeeded")])
    const { conditions, text } = translate(KUMA_DP, mesh, dataplane, metric(spec))
    expect(conditions).toEqual([])
    expect(text).toContain("/tmp/dp/kuma-mesh-metric-config.sock")
  })
})

it("profiles of several MeshMetrics add up, and of all else the more specific one's holds", () => {
  const of = (name: string, targetRef: object, profile: string, port: number) => ({
    type: "MeshMetric", mesh: "default", name,
    spec: {
      targetRef,
      default: {
        sidecar: { profiles: { appendProfiles: [{ name: profile }] } },
        backends: [{ type: "Prometheus", prometheus: { port } }]
      }
    }
  })
  const { text } = translate(
    KUMA_DP, { type: "Mesh", name: "default" }, dataplane,
    of("one", { kind: "Dataplane", name: "kv-1" }, "None", 1001), of("all", { kind: "Mesh" }, "Basic", 1002)
  )
  expect(text).toMatch(/appendProfiles[^\]]*Basic[^\]]*None|appendProfiles[^\]]*None[^\]]*Basic/)
  expect(text).toContain("\"portValue\":1001")
  expect(text).not.toContain("\"portValue\":1002")
})

it("a socket's path is cut as kuma-dp cuts it", () => {
  const path = metricsSocket("/tmp", "default", "n".repeat(200))
  expect(path).toBe(`/tmp/kuma-mh-${"n".repeat(85)}.sock`)
  expect(path).toHaveLength(103)
})
