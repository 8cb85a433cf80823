/** Names, meshes and labels: what every type's resources must have. */
import type { DesiredResource } from "../Resource.ts"
import { descriptors } from "../ResourceDescriptor.ts"
import type { Violation } from "../Violation.ts"
import { key, violationIf } from "./violationPath.ts"

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const SUBDOMAIN_MESSAGE = "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case " +
  "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"

/** Meshes made by older versions may have an underscore in their names. */
const MESH_NAME = /^[0-9a-z-_.]*$/
const MESH_NAME_MESSAGE = "invalid characters. Valid characters are numbers, lowercase latin letters and " +
  "'-', '_', '.' symbols."

const identifier = (path: string, value: string, grammar: RegExp, message: string): ReadonlyArray<Violation> => {
  if (value === "") return [{ field: path, message: "cannot be empty" }]
  if (value.length > 253) return [{ field: path, message: "value length must less or equal 253" }]
  return violationIf(!grammar.test(value), path, message)
}

export const validateName = (path: string, name: string): ReadonlyArray<Violation> =>
  identifier(path, name, SUBDOMAIN, SUBDOMAIN_MESSAGE)

const NAME_PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

/** Keys and values of labels are Kubernetes's. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
const validateLabel = ([name, value]: readonly [string, string]): ReadonlyArray<Violation> => {
  const path = key("labels", name)
  const parts = name.split("/")
  const [prefix, part] = parts.length === 1 ? [undefined, parts[0] ?? ""] : [parts[0], parts[1] ?? ""]
  const alphanumeric = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
    "alphanumeric character"
  return [
    ...violationIf(parts.length > 2, path, "a qualified name must consist of alphanumeric characters, '-', '_' or " +
      "'.', with an optional DNS subdomain prefix and '/'"),
    ...violationIf(prefix !== undefined && !SUBDOMAIN.test(prefix), path, "prefix part must be a DNS subdomain"),
    ...violationIf(part === "", path, "name part must be non-empty"),
    ...violationIf(part.length > 63, path, "name part must be no more than 63 bytes"),
    ...violationIf(part !== "" && !NAME_PART.test(part), path, `name part ${alphanumeric}`),
    ...violationIf(value.length > 63, path, "must be no more than 63 bytes"),
    ...violationIf(!LABEL_VALUE.test(value), path, `a valid label must be an empty string or ${alphanumeric}`)
  ]
}

export const validateMeta = (resource: DesiredResource): ReadonlyArray<Violation> => [
  ...Object.entries(resource.labels).sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(validateLabel),
  ...validateName("name", resource.name),
  ...(descriptors[resource.type].scope === "Mesh"
    ? identifier("mesh", resource.mesh, MESH_NAME, MESH_NAME_MESSAGE)
    : [])
]
