/** The resource that a proxy brings along as YAML, where no operator wrote it beforehand. Pure. */
import { hash } from "node:crypto"
import { LABEL_PREFIX } from "../../model/dataplaneLabels.ts"
import { decodeResource } from "../../model/decodeResource.ts"
import { parseJson } from "../../model/parseJson.ts"
import { MAX_YAML, type ParsedText, parseYaml } from "../../model/parseYaml.ts"
import { PROXY_RESOURCE, type ProxyResource } from "../../model/proxyResource.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { unkeepable } from "../../model/unkeepable.ts"
import { validateGivenLabels } from "../../model/validate/validateComputedLabels.ts"
import { key } from "../../model/validate/violationPath.ts"
import { validateResource } from "../../model/validate/validateResource.ts"
import type { Violation } from "../../model/Violation.ts"
import { RecentlyUsed } from "../RecentlyUsed.ts"

export type OwnResource =
  | {
      readonly resource: ProxyResource
      /** What was left out of it. */
      readonly warnings: ReadonlyArray<Violation>
    }
  | { readonly violations: ReadonlyArray<Violation> }

/** Characters of text: a proxy brings one or two thousand, and may bring a million. */
const MOST_REMEMBERED = 8 * 1024 * 1024

/**
 * A proxy brings the same text to its bootstrap and to each of its streams, and reading it is the dearest of what is
 * done for one that comes: what it says is remembered under its digest.
 */
const remembered = new RecentlyUsed<OwnResource>(MOST_REMEMBERED)

/** The resource as its author wrote it: `completeResource` adds the rest. */
export const readOwnResource = (yaml: string, proxy: ProxyId, zone: string): OwnResource => {
  const name = hash("sha256", JSON.stringify([proxy.proxyType, proxy.mesh, proxy.name, zone, yaml]), "base64")
  const known = remembered.get(name)
  if (known !== undefined) return known
  const own = read(yaml, proxy, zone)
  if ("resource" in own) remembered.set(name, own, yaml.length)
  return own
}

/** kuma-dp brings JSON, which is YAML too, and is read many times faster: where it seems to be that, it has to be. */
const parse = (text: string): ParsedText => {
  if (text.startsWith("{")) {
    const json = parseJson(text)
    return "value" in json ? { values: [json.value] } : { problems: [`begins like JSON, and ${json.problem}`] }
  }
  return Buffer.byteLength(text) > MAX_YAML
    ? { problems: [`is larger than ${MAX_YAML} bytes: bring it as JSON`] }
    : parseYaml(text)
}

const read = (yaml: string, proxy: ProxyId, zone: string): OwnResource => {
  const parsed = parse(yaml)
  if ("problems" in parsed) return refused(parsed.problems.join("; "))
  if (parsed.values.length !== 1) return refused(`must be one YAML document, found ${parsed.values.length}`)
  const problem = unkeepable(parsed.values[0])
  if (problem !== null) return refused(problem)
  const decoded = decodeResource(parsed.values[0])
  if ("violations" in decoded) return decoded
  const { resource } = decoded
  if (!isProxyResource(resource) || resource.type !== PROXY_RESOURCE[proxy.proxyType]) {
    return refused(`must be a ${PROXY_RESOURCE[proxy.proxyType]}, as the proxy says it is of type ${proxy.proxyType}`)
  }
  if (resource.mesh !== proxy.mesh || resource.name !== proxy.name) {
    return refused(
      `is ${resource.mesh}/${resource.name}, but the proxy says it is ${proxy.mesh}/${proxy.name}; ` +
        "give both the same mesh and name"
    )
  }
  const violations = [
    ...operatorLabels(resource),
    ...validateGivenLabels(resource, zone),
    ...validateResource(resource)
  ]
  return violations.length > 0 ? { violations } : { resource, warnings: decoded.warnings }
}

/** By these the operator says how to translate its own Dataplanes, and which are its own. */
const operatorLabels = ({ labels }: ProxyResource): ReadonlyArray<Violation> =>
  Object.keys(labels).filter((label) => label.startsWith(LABEL_PREFIX)).map((label) => ({
    field: key("labels", label),
    message: `only ecs-mesh itself sets labels that begin with ${LABEL_PREFIX}; remove this one`
  }))

const isProxyResource = (resource: DesiredResource): resource is ProxyResource =>
  Object.values(PROXY_RESOURCE).some((type) => type === resource.type)

const refused = (message: string): OwnResource => ({ violations: [{ field: "dataplaneResource", message }] })
