/**
 * A resource that the task brings along: `KUMA_DATAPLANE_RUNTIME_RESOURCE` in the sidecar's environment, with the
 * `--dataplane-var`s of its command, as Kong's templates have it. Pure.
 */
import { Predicate } from "effect"
import { LABEL_PREFIX } from "../../model/dataplaneLabels.ts"
import { decodeResource } from "../../model/decodeResource.ts"
import { parseYaml } from "../../model/parseYaml.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { validateSpec } from "../../model/validate/validateResource.ts"
import { type Violation, violationText } from "../../model/Violation.ts"
import type { Derivation } from "./conditions.ts"
import type { ProxyResourceType } from "./ProxyObservation.ts"
import type { SidecarDefinition } from "./TaskObservation.ts"

/** What the task adds to its template. */
export interface TemplateContext {
  readonly taskId: string
  readonly address: string
  /** The mesh that its sidecar joins; empty for a zone proxy. */
  readonly mesh: string
}

const VARIABLE = /\{\{\{?\s*([\w.-]+)\s*\}?\}\}/g

/** What a shell in the sidecar's container would have put in: its address and its host name. */
const evaluate = (value: string, address: string, taskId: string): string =>
  value.replace(/`hostname -(?:i|I)`|\$\(hostname -(?:i|I)\)/g, address)
    .replace(/`hostname(?: -s| -f)?`|\$\(hostname(?: -s| -f)?\)/g, taskId)

const invalid = (message: string): Derivation<never> => ({
  ok: false,
  reason: "TemplateInvalid",
  message: `KUMA_DATAPLANE_RUNTIME_RESOURCE ${message}`
})

const noted = (warning: Violation): string => `KUMA_DATAPLANE_RUNTIME_RESOURCE has ${violationText(warning)}`

export const violationTexts = (violations: ReadonlyArray<Violation>): string =>
  violations.map(violationText).join("; ")

export const usesVariable = (template: string, name: string): boolean =>
  [...template.matchAll(VARIABLE)].some((match) => match[1] === name)

/** `{{ x }}` of the variables; the names that have none. */
export const fillTemplate = (
  template: string,
  variables: Readonly<Record<string, string>>
): { readonly text: string; readonly missing: ReadonlyArray<string> } => {
  const missing = new Set<string>()
  const text = template.replace(VARIABLE, (whole, name: string) => {
    const value = variables[name]
    if (value === undefined) missing.add(name)
    return value ?? whole
  })
  return { text, missing: [...missing] }
}

/** A template without a mesh means its sidecar's; `mesh` is empty for what belongs to none. */
const withMesh = (document: unknown, mesh: string): unknown =>
  mesh !== "" && Predicate.isObject(document) && !Array.isArray(document) && !("mesh" in document && document.mesh)
    ? { ...document, mesh }
    : document

/** The template's resource under the task's id, in `mesh` where the template names none. */
export const resourceFromTemplate = <T extends ProxyResourceType>(
  type: T,
  template: string,
  sidecar: SidecarDefinition,
  { address, mesh, taskId }: TemplateContext
): Derivation<DesiredResource<T>> => {
  const variables = Object.fromEntries(
    Object.entries(sidecar.templateVariables).map(([name, value]) => [name, evaluate(value, address, taskId)])
  )
  const { text, missing } = fillTemplate(template, variables)
  if (missing.length > 0) {
    return invalid(
      `uses ${missing.join(", ")} without a value: add --dataplane-var ${missing[0]}=... to the sidecar's command`
    )
  }
  const parsed = parseYaml(text)
  if ("problems" in parsed) return invalid(`isn't YAML: ${parsed.problems.join("; ")}`)
  const [document, ...more] = parsed.values
  if (document === undefined || more.length > 0) return invalid(`must hold one resource, not ${parsed.values.length}`)
  const decoded = decodeResource(withMesh(document, mesh))
  if ("violations" in decoded) return invalid(violationTexts(decoded.violations))
  const { resource } = decoded
  if (!isDesired(type, resource)) return invalid(`holds a ${resource.type}, and this proxy is a ${type}`)
  const own = Object.keys(resource.labels).find((name) => name.startsWith(LABEL_PREFIX))
  if (own !== undefined) return invalid(`has the label ${own}, which is the operator's to give: remove it`)
  const violations = validateSpec(resource)
  if (violations.length > 0) return invalid(violationTexts(violations))
  return { ok: true, value: { ...resource, name: taskId }, notes: decoded.warnings.map(noted) }
}

const isDesired = <T extends ProxyResourceType>(type: T, resource: DesiredResource): resource is DesiredResource<T> =>
  resource.type === type
