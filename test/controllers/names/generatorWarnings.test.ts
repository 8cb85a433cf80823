import { describe, expect, it } from "vitest"
import { generatorWarnings } from "../../../src/controllers/names/generatorWarnings.ts"
import { hostedZonesOf } from "../../../src/controllers/names/wantedNames.ts"
import type { HostnameGenerator } from "../../../src/model/HostnameGenerator.ts"

const generator = (config?: unknown): HostnameGenerator => ({
  selector: { meshService: {} },
  template: "{{ .DisplayName }}.mesh",
  extension: { type: "Route53", ...(config === undefined ? {} : { config }) }
})

describe("the author of a HostnameGenerator for Route 53", () => {
  const warn = generatorWarnings(hostedZonesOf("zone-1", "ZOWN", new Set(["ZALLOWED"])))

  it("is told which setting is missing where no names are kept", () => {
    expect(generatorWarnings(null)(generator())).toEqual([
      expect.stringMatching(/KMESH_RUNTIME_AWS_ROUTE53_ENABLED=true/)
    ])
    expect(generatorWarnings(null)({ selector: { meshService: {} }, template: "a" })).toEqual([])
  })

  it("is told of hosted zones that aren't allowed, and of none that are", () => {
    expect(warn(generator())).toEqual([])
    expect(warn(generator({ hostedZoneId: "ZALLOWED" }))).toEqual([])
    expect(warn(generator({ hostedZones: [{ hostedZoneId: "ZOWN" }, { hostedZoneId: "ZOTHER" }] }))).toEqual([
      expect.stringMatching(/ZOTHER: ECS_MESH_ROUTE53_HOSTED_ZONES doesn't name it$/)
    ])
  })

  it("is told where all are other zones'", () => {
    expect(warn(generator({ hostedZones: [{ name: "zone-2", hostedZoneId: "ZALLOWED" }] }))).toEqual([
      expect.stringMatching(/has no effect in this zone/)
    ])
  })
})
