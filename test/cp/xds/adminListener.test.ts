import { describe, expect, it } from "vitest"
import { adminListens, adminResources } from "../../../src/cp/xds/listener/admin.ts"
import { renderAsEnvoy } from "../../../src/cp/xds/renderAsEnvoy.ts"
import { renderResource } from "../../../src/cp/xds/renderSnapshot.ts"
import { Shared } from "../../../src/cp/xds/share/Shared.ts"
import { defaultTranslateSettings, type TranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import type { XdsResource } from "../../../src/cp/xds/XdsResource.ts"

const settings: TranslateSettings = {
  ...defaultTranslateSettings,
  admin: { address: "127.0.0.1", port: 9901 },
  readiness: { address: "127.0.0.1", port: 9902 }
}
const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`

const adminTls = { caPem: pem("CA"), certificatePem: pem("PUBLIC"), privateKeyPem: "VERY SECRET" }
const asked = { ...settings, adminTls }

const of = (name: string, own: TranslateSettings, resources = new Shared<XdsResource>(), address = "10.0.0.1") =>
  adminResources({ proxy: { proxyType: "dataplane", mesh: "default", name }, address, port: undefined }, own, resources)

const names = (resources: ReadonlyArray<XdsResource>) => resources.map(({ name }) => name)

describe("the listener by which a proxy is asked", () => {
  it("is there for `/ready` alone where there are no keys", () => {
    const resources = of("web-1", settings)
    expect(names(resources)).toEqual(["kuma:envoy:admin", "kuma:readiness"])
    const text = JSON.stringify(resources.map(renderResource))
    expect(text).toContain("/ready")
    expect(text).not.toMatch(/stats|clusters"|transportSocket/)
  })

  it("shares all but itself: its address and for whom it answers", () => {
    const shared = new Shared<XdsResource>()
    const [one, ...rest] = of("web-1", asked, shared)
    const [other, ...sameRest] = of("web-2", asked, shared, "10.0.0.2")
    expect(names(rest)).toEqual(["kuma:readiness", "kuma:envoy:admin"])
    expect(rest.map((resource, at) => resource === sameRest[at])).toEqual([true, true])
    expect(of("web-1", asked, shared)[0]).toBe(one)
    const text = (resource: XdsResource | undefined): string =>
      JSON.stringify(resource?.message, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))
    expect(text(one).replaceAll(/[0-9a-f]{32}\.envoy-admin|10\.0\.0\.[12]/g, "-"))
      .toBe(text(other).replaceAll(/[0-9a-f]{32}\.envoy-admin|10\.0\.0\.[12]/g, "-"))
    expect(one?.version).not.toBe(other?.version)
  })

  it("is another one with other keys", () => {
    const shared = new Shared<XdsResource>()
    const [one] = of("web-1", asked, shared)
    const [other] = of("web-1", { ...settings, adminTls: { ...adminTls, caPem: pem("ANOTHER") } }, shared)
    expect(one?.version).not.toBe(other?.version)
  })

  it("shows its key nowhere", () => {
    for (const render of [renderResource, renderAsEnvoy]) {
      const text = JSON.stringify(of("web-1", asked).map(render))
      expect(text).toContain(Buffer.from(pem("PUBLIC")).toString("base64"))
      expect(text).not.toContain(Buffer.from("VERY SECRET").toString("base64"))
      expect(text).not.toContain("VERY SECRET")
    }
  })

  it("leads to Envoy's socket where its admin interface is one, whose address is then free", () => {
    const path = "/tmp/kuma-dp/admin.sock"
    const own = { ...asked, admin: { address: "127.0.0.1", port: 9901, path } }
    const resources = of("web-1", own, undefined, "127.0.0.1")
    expect(names(resources)).toEqual(["kuma:envoy:admin", "kuma:readiness", "kuma:envoy:admin"])
    expect(JSON.stringify(resources.map(renderResource))).toContain(`{"pipe":{"path":"${path}"}}`)
  })

  it("isn't where Envoy itself is, or the sidecar", () => {
    expect(adminListens("10.0.0.1", undefined, settings)).toEqual({ address: "10.0.0.1", port: 9901 })
    expect(adminListens("10.0.0.1", 9999, settings)).toEqual({ address: "10.0.0.1", port: 9999 })
    expect(adminListens("127.0.0.1", undefined, settings)).toBe(null)
    expect(adminListens("127.0.0.1", 9902, settings)).toBe(null)
    expect(adminListens("10.0.0.1", undefined, { ...settings, admin: { address: "0.0.0.0", port: 9901 } })).toBe(null)
    expect(adminListens("10.0.0.1", undefined, { ...settings, readiness: null })).toBe(null)
  })
})
