/** The mesh that a sidecar joins: its template's where it brings one that can be read, else what it was told. Pure. */
import { Predicate } from "effect"
import { parseYaml } from "../../model/parseYaml.ts"
import { fillTemplate } from "../lifecycle/template.ts"
import type { SidecarDefinition } from "../lifecycle/TaskObservation.ts"

export const meshOf = (sidecar: SidecarDefinition): string => {
  if (sidecar.template === null) return sidecar.mesh
  const parsed = parseYaml(fillTemplate(sidecar.template, sidecar.templateVariables).text)
  const document = "values" in parsed ? parsed.values[0] : undefined
  return Predicate.hasProperty(document, "mesh") && Predicate.isString(document.mesh) && document.mesh !== ""
    ? document.mesh
    : sidecar.mesh
}
