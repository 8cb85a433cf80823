/** As a zone's control plane of Kuma 2.14.3 labels and identifies resources of each type. */
import { expect, it } from "vitest"
import { completeResource } from "../../src/model/completeResource.ts"
import { formatKri } from "../../src/model/formatKri.ts"
import type { DesiredResource } from "../../src/model/Resource.ts"

const ofZone = { "kuma.io/env": "universal", "kuma.io/origin": "zone", "kuma.io/zone": "zone-1" }
const ofMesh = { "kuma.io/mesh": "default" }

const inMesh = { mesh: "default", name: "a", labels: {} } as const
const global = { mesh: "", name: "a", labels: {} } as const

it.each<[DesiredResource, string | null, Readonly<Record<string, string>>]>([
  [{ ...global, type: "Mesh", spec: {} }, "kri_m____a_", {}],
  [{ ...global, type: "Zone", spec: {} }, "kri_z__zone-1__a_", ofZone],
  [{ ...global, type: "HostnameGenerator", spec: { selector: {}, template: "a" } }, "kri_hg__zone-1__a_", ofZone],
  [{ ...inMesh, type: "MeshService", spec: { state: "Available", selector: {} } }, "kri_msvc_default_zone-1__a_",
    { ...ofZone, ...ofMesh }],
  [{ ...inMesh, type: "MeshExternalService",
    spec: { match: { type: "HostnameGenerator", port: 80, protocol: "tcp" } } }, "kri_extsvc_default_zone-1__a_",
    { ...ofZone, ...ofMesh }],
  [{ ...inMesh, type: "MeshMultiZoneService", spec: { selector: { meshService: {} }, ports: [] } },
    "kri_mzsvc_default___a_", ofMesh],
  [{ ...inMesh, type: "ExternalService", spec: {} }, null, ofMesh],
  [{ ...inMesh, type: "Secret", spec: {} }, null, { ...ofZone, ...ofMesh }],
  [{ ...inMesh, type: "MeshTimeout", spec: {} }, "kri_mt_default_zone-1__a_", { ...ofZone, ...ofMesh }],
  [{ ...inMesh, type: "MeshService", labels: { "kuma.io/display-name": "b" },
    spec: { state: "Available", selector: {} } }, "kri_msvc_default_zone-1__b_",
    { ...ofZone, ...ofMesh, "kuma.io/display-name": "b" }],
  [{ ...inMesh, type: "MeshService", labels: { "kuma.io/origin": "global", "kuma.io/zone": "zone-2" },
    spec: { state: "Available", selector: {} } }, "kri_msvc_default_zone-2__a_",
    { ...ofMesh, "kuma.io/origin": "global", "kuma.io/zone": "zone-2" }]
])("%j is %s", (resource, kri, labels) => {
  const completed = completeResource(resource, "zone-1", {})
  expect(completed.labels).toEqual(labels)
  expect(formatKri(completed)).toBe(kri)
})
