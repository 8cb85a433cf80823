/**
 * `ecs-mesh translate FILE.yaml [--proxy NAME]`: the Envoy resources that a control plane would give to the proxies
 * among a set of resources in Kuma's Universal YAML. It reads no store and asks nobody.
 */
import { stringify } from "yaml"
import { decodeResource } from "../model/decodeResource.ts"
import { parseYaml } from "../model/parseYaml.ts"
import type { ProxyId } from "../model/ProxyType.ts"
import { type DesiredResource, formatKey, type Resource } from "../model/Resource.ts"
import { MeshViews } from "../cp/snapshot/MeshViews.ts"
import { type RenderedSnapshot, renderSnapshot } from "../cp/xds/renderSnapshot.ts"
import { secretNames, translateEndpoints, translateProxy } from "../cp/xds/translateProxy.ts"
import { defaultTranslateSettings, type TranslateSettings } from "../cp/xds/TranslateSettings.ts"
import { validateResource } from "../model/validate/validateResource.ts"

export interface TranslateOptions {
  /** Only the proxy of this name. */
  readonly proxy?: string
  readonly settings?: Partial<TranslateSettings>
}

export interface TranslatedProxy {
  readonly proxy: ProxyId
  readonly rendered: RenderedSnapshot
  /** Names of the secrets that it would get over SDS. */
  readonly secrets: ReadonlyArray<string>
  readonly conditions: ReadonlyArray<string>
}

/** The file isn't what it should be; the message lists every reason. */
export class TranslateError extends Error {
  override readonly name = "TranslateError"
}

export const decodeAll = (text: string): ReadonlyArray<DesiredResource> => {
  const parsed = parseYaml(text)
  if ("problems" in parsed) throw new TranslateError(parsed.problems.join("\n"))
  const problems: Array<string> = []
  const resources: Array<DesiredResource> = []
  for (const [index, value] of parsed.values.entries()) {
    const decoded = decodeResource(value)
    const violations = "violations" in decoded
      ? decoded.violations
      : [...decoded.warnings, ...validateResource(decoded.resource)]
    problems.push(...violations.map(({ field, message }) => `document ${index + 1}: ${field}: ${message}`))
    if ("resource" in decoded) resources.push(decoded.resource)
  }
  if (problems.length > 0) throw new TranslateError(problems.join("\n"))
  return resources
}

const EPOCH = "1970-01-01T00:00:00Z"

const asStored = (resource: DesiredResource): Resource => ({
  ...resource,
  version: 1,
  creationTime: EPOCH,
  modificationTime: EPOCH
})

const proxiesOf = (resources: ReadonlyArray<DesiredResource>): ReadonlyArray<ProxyId> =>
  resources.flatMap(({ type, mesh, name }): ReadonlyArray<ProxyId> => {
    switch (type) {
      case "Dataplane":
        return [{ proxyType: "dataplane", mesh, name }]
      case "ZoneIngress":
        return [{ proxyType: "ingress", mesh: "", name }]
      case "ZoneEgress":
        return [{ proxyType: "egress", mesh: "", name }]
      default:
        return []
    }
  })

/** Every proxy among the resources, in their order. Throws `TranslateError`. */
export const translateText = (text: string, options: TranslateOptions = {}): ReadonlyArray<TranslatedProxy> =>
  translateResources(decodeAll(text), options)

/** The same of resources as a store may hold them: nobody judges them again. */
export const translateResources = (
  resources: ReadonlyArray<DesiredResource>,
  options: TranslateOptions
): ReadonlyArray<TranslatedProxy> => {
  const settings = { ...defaultTranslateSettings, ...options.settings }
  const views = new MeshViews()
  views.apply(resources.map(asStored).map((after) => ({ key: after, before: undefined, after })))
  const proxies = proxiesOf(resources).filter(({ name }) => options.proxy === undefined || options.proxy === name)
  if (proxies.length === 0) {
    const known = resources.map(formatKey).join(", ")
    throw new TranslateError(
      options.proxy === undefined
        ? `there is no Dataplane, ZoneIngress or ZoneEgress among ${known}: add the one to translate`
        : `there is no proxy of the name ${options.proxy} among ${known}`
    )
  }
  const missing = proxies.find(({ mesh }) => mesh !== "" && (views.meshes.get(mesh)?.resource ?? null) === null)
  if (missing !== undefined) throw new TranslateError(`mesh "${missing.mesh}" isn't among these resources: add it`)
  return proxies.flatMap((proxy) => {
    const translation = translateProxy(views, proxy, settings)
    if (translation === null) return []
    return [{
      proxy,
      rendered: renderSnapshot([...translation.resources, ...translateEndpoints(views, translation)]),
      secrets: secretNames(translation),
      conditions: translation.conditions.map(({ reason, message }) => `${reason}: ${message}`)
    }]
  })
}

/** The same as one YAML document for each proxy. */
export const translateFile = (text: string, options: TranslateOptions = {}): string =>
  translateText(text, options)
    .map(({ proxy, rendered, secrets, conditions }) =>
      stringify({
        proxy: `${proxy.proxyType}/${proxy.mesh}/${proxy.name}`,
        ...(conditions.length === 0 ? {} : { conditions }),
        ...rendered,
        secrets
      }, { lineWidth: 0, aliasDuplicateObjects: false })
    )
    .join("---\n")
