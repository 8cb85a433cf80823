/** What a proxy is to have as the mesh is now, by type and name, in the JSON that Envoy reads. Pure. */
import type { ProxyId } from "../../model/ProxyType.ts"
import type { ZoneView } from "../snapshot/MeshView.ts"
import { renderResource } from "../xds/renderSnapshot.ts"
import { secretNames, snapshotOf, translateEndpoints, translateProxy } from "../xds/translateProxy.ts"
import type { TranslateSettings } from "../xds/TranslateSettings.ts"
import { TypeUrl } from "../xds/XdsResource.ts"
import type { Json } from "./jsonDiff.ts"

export type ProxyConfig = { readonly [typeUrl: string]: { readonly [name: string]: Json } }

/** Of secrets their names alone. Null where the proxy's resource isn't there. */
export const proxyConfig = (zone: ZoneView, proxy: ProxyId, settings: TranslateSettings): ProxyConfig | null => {
  const translation = translateProxy(zone, proxy, settings)
  if (translation === null) return null
  const snapshot = snapshotOf([...translation.resources, ...translateEndpoints(zone, translation)])
  const byName = <A>(entries: Iterable<readonly [string, A]>) =>
    Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
  const rendered = [...snapshot].map(([typeUrl, resources]): [string, { readonly [name: string]: Json }] => [
    typeUrl,
    byName([...resources.values()].map((resource) => [resource.name, renderResource(resource)] as const))
  ])
  const secrets = secretNames(translation)
  return byName([
    ...rendered,
    ...(secrets.length === 0
      ? []
      : [[TypeUrl.Secret, byName(secrets.map((name) => [name, { name }] as const))] as const])
  ])
}
