/** A HostnameGenerator: whom it is for, and a template that renders to a hostname. */
import { Schema } from "effect"
import type { Extension } from "../Extension.ts"
import { type HostnameGenerator, Route53Config } from "../HostnameGenerator.ts"
import { schemaViolations } from "../schemaViolations.ts"
import { isHostname, parseTemplate } from "../services/hostnameTemplate.ts"
import type { Violation } from "../Violation.ts"
import { SUBDOMAIN_RULE } from "./subdomain.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

/** What a template is tried with. */
const STUB = { Name: "name", DisplayName: "displayname", Namespace: "namespace", Mesh: "mesh", Zone: "zone" }

const validateTemplate = (template: string, path: string): ReadonlyArray<Violation> => {
  if (template === "") return [{ field: path, message: "must not be empty" }]
  const parsed = parseTemplate(template)
  if ("problem" in parsed) return [{ field: path, message: `couldn't parse template: ${parsed.problem}` }]
  const rendered = parsed.parts
    .map((part) => (part._tag === "Text" ? part.text : part._tag === "Label" ? "label" : STUB[part.name]))
    .join("")
  return violationIf(!isHostname(rendered), path,
    `template renders to "${rendered}" which is not a valid DNS name: ${SUBDOMAIN_RULE}`)
}

/** The types of extensions that do something here. */
export const HOSTNAME_EXTENSIONS = ["Route53"]

const validateExtension = ({ config, type }: Extension, path: string): ReadonlyArray<Violation> => {
  if (type === "") return [{ field: field(path, "type"), message: "must not be empty" }]
  if (!HOSTNAME_EXTENSIONS.includes(type)) {
    return [{
      field: field(path, "type"),
      message: `type must be one of: ${HOSTNAME_EXTENSIONS.join(", ")}; "${type}" has no effect here`
    }]
  }
  if (config === undefined) return []
  const at = field(path, "config")
  const decoded = Schema.decodeUnknownResult(Route53Config, { errors: "all" })(config)
  return decoded._tag === "Failure"
    ? schemaViolations(decoded.failure.issue, at.split("."))
    : [
      ...violationIf(decoded.success.hostedZoneId === "", field(at, "hostedZoneId"), "must not be empty"),
      ...inEach(field(at, "hostedZones"), decoded.success.hostedZones, ({ hostedZoneId }, zonePath) =>
        violationIf(hostedZoneId === "", field(zonePath, "hostedZoneId"), "must not be empty"))
    ]
}

export const validateHostnameGenerator = (spec: HostnameGenerator): ReadonlyArray<Violation> => [
  ...violationIf(Object.keys(spec.selector).length !== 1, "spec.selector",
    "exact one selector (meshService, meshExternalService, meshMultiZoneService) must be defined"),
  ...validateTemplate(spec.template, "spec.template"),
  ...(spec.extension === undefined ? [] : validateExtension(spec.extension, "spec.extension"))
]
