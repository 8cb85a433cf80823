/**
 * The mesh that a sidecar joins: the one that it was told, else its template's where that can be read, else `default`.
 * The sidecar goes by the same rule when it asks to be let in. Pure.
 */
import { Predicate } from "effect"
import { parseYaml } from "../../model/parseYaml.ts"
import { fillTemplate } from "../lifecycle/template.ts"
import type { SidecarDefinition } from "../lifecycle/TaskObservation.ts"

const DEFAULT_MESH = "default"

const meshOfTemplate = (template: string, variables: SidecarDefinition["templateVariables"]): string | null => {
  const parsed = parseYaml(fillTemplate(template, variables).text)
  const document = "values" in parsed ? parsed.values[0] : undefined
  return Predicate.hasProperty(document, "mesh") && Predicate.isString(document.mesh) && document.mesh !== ""
    ? document.mesh
    : null
}

export const meshOf = ({ mesh, template, templateVariables }: SidecarDefinition): string =>
  mesh || (template === null ? null : meshOfTemplate(template, templateVariables)) || DEFAULT_MESH
