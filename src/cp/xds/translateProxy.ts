/**
 * The room's door: what one proxy is to have, from what the resources mean together. Pure: it reads the view and
 * answers; it neither stores, sends nor asks anybody. Certificates are not its business: it says for which meshes
 * the proxy needs them, and whoever serves it puts `identitySecret` and `caSecret` beside this.
 */
import type { ProxyId } from "../../model/ProxyType.ts"
import type { ZoneView } from "../snapshot/MeshView.ts"
import { emptyTranslation, type ProxyTranslation } from "./ProxyTranslation.ts"
import { translateDataplane } from "./translateDataplane.ts"
import { translateEgress, translateIngress } from "./translateZoneProxy.ts"
import { sharedResources } from "./share/SharedResources.ts"
import type { TranslateSettings } from "./TranslateSettings.ts"
import { caSecretName, identitySecretName } from "./names.ts"
import type { ProxySnapshot, TypeUrl, XdsResource } from "./XdsResource.ts"

/** Null where the proxy's resource isn't there (yet, or any more): nothing can be said of it. */
export const translateProxy = (
  zone: ZoneView,
  proxy: ProxyId,
  settings: TranslateSettings
): ProxyTranslation | null => {
  const shared = sharedResources(zone)
  switch (proxy.proxyType) {
    case "dataplane": {
      const view = zone.meshes.get(proxy.mesh)
      const dataplane = view?.dataplanes.get(proxy.name)
      if (view === undefined || dataplane === undefined) return null
      return view.resource === null ? emptyTranslation : translateDataplane(view, dataplane, settings, shared)
    }
    case "ingress": {
      const ingress = zone.ingresses.get(proxy.name)
      return ingress === undefined ? null : translateIngress(zone, ingress, settings, shared)
    }
    case "egress": {
      const egress = zone.egresses.get(proxy.name)
      return egress === undefined ? null : translateEgress(zone, egress, settings, shared)
    }
  }
}

/** The assignments that a translation needs, as the services are now; each name once. */
export const translateEndpoints = (zone: ZoneView, translation: ProxyTranslation): ReadonlyArray<XdsResource> =>
  translation.uses.map((use) => use.assignment(zone.meshes.get(use.mesh)?.services ?? new Map()))

export const secretNames = (translation: ProxyTranslation): ReadonlyArray<string> =>
  translation.secretMeshes.flatMap((mesh) => [identitySecretName(mesh), caSecretName(mesh)])

/** By type and name; of two resources of one name the first stays. */
export const snapshotOf = (resources: Iterable<XdsResource>): ProxySnapshot => {
  const snapshot = new Map<TypeUrl, Map<string, XdsResource>>()
  for (const resource of resources) {
    const ofType = snapshot.get(resource.typeUrl) ?? new Map<string, XdsResource>()
    if (!ofType.has(resource.name)) ofType.set(resource.name, resource)
    snapshot.set(resource.typeUrl, ofType)
  }
  return snapshot
}
