/**
 * Reads a resource as Kuma's Universal YAML and JSON have it: receives plain data, answers the resource or every
 * violation of its shape. What the values mean is `validateResource`'s business.
 */
import { Schema } from "effect"
import type { DesiredResource, ResourceType } from "./Resource.ts"
import { descriptors, isResourceType, type ResourceDescriptor, resourceTypes } from "./ResourceDescriptor.ts"
import { decodeWith } from "./schemaViolations.ts"
import type { Violation } from "./Violation.ts"

export type DecodedResource =
  | { readonly resource: DesiredResource }
  | { readonly violations: ReadonlyArray<Violation> }

const Text = Schema.optionalKey(Schema.String)

/** What stands beside the spec. Times, kri and status are the control plane's: read, and left behind. */
const Meta = Schema.Struct({
  type: Schema.String,
  mesh: Text,
  name: Schema.String.pipe(Schema.annotateKey({ messageMissingKey: "cannot be empty" })),
  creationTime: Text,
  modificationTime: Text,
  labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  kri: Text
})

const isPlainObject = (input: unknown): input is Readonly<Record<string, unknown>> =>
  typeof input === "object" && input !== null && !Array.isArray(input)

const hasNull = (input: unknown): boolean => {
  if (typeof input !== "object") return false
  return input === null || Object.values(input).some(hasNull)
}

/**
 * A null is a field that isn't there, as protobuf's JSON has it: templates leave them behind. A tag without a value
 * is an empty one.
 */
const withoutNulls = (input: unknown): unknown => {
  // Most have none, and are taken as they are.
  if (!hasNull(input)) return input
  if (Array.isArray(input)) return input.map(withoutNulls)
  if (!isPlainObject(input)) return input
  return Object.fromEntries(
    Object.entries(input)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, key === "tags" ? withEmptyTags(value) : withoutNulls(value)])
  )
}

const withEmptyTags = (tags: unknown): unknown =>
  isPlainObject(tags)
    ? Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, value ?? ""]))
    : tags

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/** Parts the fields that stand beside the spec from the spec. */
const split = (descriptor: ResourceDescriptor, input: Readonly<Record<string, unknown>>) => {
  const { type, mesh, name, creationTime, modificationTime, labels, kri, ...rest } = input
  const given = { type, mesh, name, creationTime, modificationTime, labels, kri }
  const meta = Object.fromEntries(Object.entries(given).filter(([, value]) => isGiven(value)))
  if (descriptor.specStyle === "inline") return { meta, spec: withoutNulls(rest), base: [] }
  const { spec = {}, status: _, ...unknown } = rest
  return { meta: { ...meta, ...unknown }, spec, base: ["spec"] }
}

const decodeAs = <T extends ResourceType>(
  descriptor: ResourceDescriptor<T>,
  input: Readonly<Record<string, unknown>>
): { readonly resource: DesiredResource<T> } | { readonly violations: ReadonlyArray<Violation> } => {
  const parts = split(descriptor, input)
  const meta = decodeWith(Meta, parts.meta)
  const spec = decodeWith(descriptor.schema, parts.spec, parts.base)
  const violations = [
    ...("violations" in meta ? meta.violations : []),
    ...(descriptor.scope === "Global" && (input["mesh"] ?? "") !== ""
      ? [{ field: "mesh", message: `must not be set: a ${descriptor.type} belongs to no mesh` }]
      : []),
    ...("violations" in spec ? spec.violations : [])
  ]
  if (violations.length > 0 || "violations" in meta || "violations" in spec) return { violations }
  const { mesh = "", name, labels = {} } = meta.value
  return {
    resource: {
      type: descriptor.type,
      mesh: descriptor.scope === "Mesh" && mesh === "" ? "default" : mesh,
      name,
      labels,
      spec: spec.value
    }
  }
}

/** A resource without a mesh belongs to `default`, where its type has one. */
export const decodeResource = (input: unknown): DecodedResource => {
  if (!isPlainObject(input)) return { violations: [{ field: "", message: "a resource must be an object" }] }
  const type = input["type"]
  if (typeof type !== "string" || type === "") {
    return { violations: [{ field: "type", message: "must be defined" }] }
  }
  if (!isResourceType(type)) {
    const message = `unknown type "${type}"; known types: ${resourceTypes.join(", ")}`
    return { violations: [{ field: "type", message }] }
  }
  return decodeAs<ResourceType>(descriptors[type], input)
}
