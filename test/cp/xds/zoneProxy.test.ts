import { expect, it } from "vitest"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { KeptTranslation } from "../../../src/cp/xds/KeptTranslation.ts"
import { defaultTranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import { created, dataplane, mesh, resource } from "../snapshot/resources.ts"

const INGRESS = { proxyType: "ingress", mesh: "", name: "in" } as const

const shown = (name: string, service: string) =>
  resource("MeshService", "default", name, {
    state: "Available",
    selector: { dataplaneTags: { "kuma.io/service": service } },
    ports: [{ port: 8080, targetPort: 8080, appProtocol: "http" }]
  }, { "kuma.io/display-name": "shown", "kuma.io/zone": "zone-1" })

it("An ingress leads to the first of two services that are shown under one name, also after a change", () => {
  const views = new MeshViews()
  views.apply([
    mesh(),
    shown("s2", "b"),
    shown("s1", "a"),
    dataplane("a1", "10.0.0.1", [{ service: "a" }]),
    dataplane("b1", "10.0.0.2", [{ service: "b" }]),
    resource("ZoneIngress", "", "in", { networking: { address: "10.1.0.1", port: 10_001 } })
  ].map(created))
  const translation = new KeptTranslation(INGRESS, views, defaultTranslateSettings)
  translation.translate()
  expect(translation.uses.map(({ service }) => service)).toEqual(["a", "b", "MeshService/s1/8080"])
  views.apply([created(dataplane("a1", "10.0.0.3", [{ service: "a" }]))])
  for (const { mesh, service } of translation.uses) translation.reassign([`${mesh}/${service}`])
  const anew = new KeptTranslation(INGRESS, views, defaultTranslateSettings)
  anew.translate()
  expect([...translation.endpoints].map(([name, { version }]) => [name, version]))
    .toEqual([...anew.endpoints].map(([name, { version }]) => [name, version]))
})
