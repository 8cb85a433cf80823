/** What a proxy is to have as the mesh is now, by type and name, in the JSON that Envoy reads. Pure. */
import type { ProxyId } from "../../model/ProxyType.ts"
import type { ZoneView } from "../snapshot/MeshView.ts"
import { renderResource } from "../xds/renderSnapshot.ts"
import { secretNames, snapshotOf, translateEndpoints, translateProxy } from "../xds/translateProxy.ts"
import type { TranslateSettings } from "../xds/TranslateSettings.ts"
import { TypeUrl, type XdsResource } from "../xds/XdsResource.ts"
import type { Json } from "./jsonDiff.ts"

export type ProxyConfig = { readonly [typeUrl: string]: { readonly [name: string]: Json } }

/** One resource of it. */
export interface ConfigPart {
  readonly typeUrl: string
  readonly name: string
  readonly json: Json
}

export interface ConfigResources {
  readonly resources: ReadonlyArray<XdsResource>
  /** Of secrets their names alone. */
  readonly secrets: ReadonlyArray<string>
}

/** Null where the proxy's resource isn't there. */
export const configResources = (
  zone: ZoneView,
  proxy: ProxyId,
  settings: TranslateSettings
): ConfigResources | null => {
  const translation = translateProxy(zone, proxy, settings)
  if (translation === null) return null
  const snapshot = snapshotOf([...translation.resources, ...translateEndpoints(zone, translation)])
  return {
    resources: [...snapshot.values()].flatMap((ofType) => [...ofType.values()]),
    secrets: secretNames(translation)
  }
}

/** Renders, which takes long where there are many. What is the same as one that was rendered before is that one. */
export const configRenderer = (): ((resource: XdsResource) => ConfigPart) => {
  const rendered = new Map<string, ConfigPart>()
  return (resource) => {
    const { name, typeUrl, version } = resource
    const key = `${typeUrl} ${name} ${version}`
    const part = rendered.get(key) ?? { typeUrl, name, json: renderResource(resource) }
    rendered.set(key, part)
    return part
  }
}

export const proxyConfig = (
  parts: ReadonlyArray<ConfigPart>,
  { secrets }: Pick<ConfigResources, "secrets">
): ProxyConfig => {
  const byName = <A>(entries: Iterable<readonly [string, A]>) =>
    Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
  const all = [...parts, ...secrets.map((name): ConfigPart => ({ typeUrl: TypeUrl.Secret, name, json: { name } }))]
  return byName([...Map.groupBy(all, ({ typeUrl }) => typeUrl)].map(([typeUrl, ofType]) =>
    [typeUrl, byName(ofType.map(({ json, name }) => [name, json] as const))] as const))
}
