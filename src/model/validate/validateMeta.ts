/** Names, meshes and labels: what every type's resources must have. */
import type { DesiredResource } from "../Resource.ts"
import { descriptors } from "../ResourceDescriptor.ts"
import type { Violation } from "../Violation.ts"
import { isSubdomain, SUBDOMAIN_RULE } from "./subdomain.ts"
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

const NAME_PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
const LABEL_VALUE = `(${NAME_PART})?`
const MAX_LENGTH = 63

const CHARACTERS =
  "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

const example = (examples: string, grammar: string): string =>
  `(e.g. ${examples}, regex used for validation is '${grammar}')`

const NAME_MESSAGE = `must ${CHARACTERS} ${example("'MyName',  or 'my.name',  or '123-abc'", NAME_PART)}`
const VALUE_MESSAGE = `a valid label must be an empty string or ${CHARACTERS} ` +
  example("'MyValue',  or 'my_value',  or '12345'", LABEL_VALUE)

const matches = (grammar: string, text: string): boolean => new RegExp(`^${grammar}$`).test(text)

const validateLabelName = (path: string, name: string): ReadonlyArray<Violation> => {
  const parts = name.split("/")
  if (parts.length > 2) {
    return [{
      field: path,
      message: `a valid label key ${NAME_MESSAGE} with an optional DNS subdomain prefix and '/' ` +
        "(e.g. 'example.com/MyName')"
    }]
  }
  const part = parts.at(-1) ?? ""
  const prefix = parts.length === 2 ? parts[0] : undefined
  return [
    ...violationIf(prefix === "", path, "prefix part must be non-empty"),
    ...violationIf(Boolean(prefix) && !isSubdomain(prefix ?? ""), path, `prefix part ${SUBDOMAIN_RULE}`),
    ...violationIf(part === "", path, "name part must be non-empty"),
    ...violationIf(part.length > MAX_LENGTH, path, `name part must be no more than ${MAX_LENGTH} bytes`),
    ...violationIf(!matches(NAME_PART, part), path, `name part ${NAME_MESSAGE}`)
  ]
}

/** Labels are Kubernetes's. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
const validateLabel = ([name, value]: readonly [string, string]): ReadonlyArray<Violation> => {
  const path = key("labels", name)
  return [
    ...validateLabelName(path, name),
    ...violationIf(value.length > MAX_LENGTH, path, `must be no more than ${MAX_LENGTH} bytes`),
    ...violationIf(!matches(LABEL_VALUE, value), path, VALUE_MESSAGE)
  ]
}

export const validateMeta = (resource: DesiredResource): ReadonlyArray<Violation> => [
  ...Object.entries(resource.labels).sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(validateLabel),
  ...validateName("name", resource.name),
  ...(descriptors[resource.type].scope === "Mesh"
    ? identifier("mesh", resource.mesh, MESH_NAME, MESH_NAME_MESSAGE)
    : [])
]
