/**
 * Reads a resource as Kuma's Universal YAML and JSON have it: receives plain data, answers the resource or every
 * violation of its shape. A field that nobody knows is left out with a warning, as Kuma leaves it out without one.
 * What the values mean is `validateResource`'s business.
 */
import { Schema } from "effect"
import { decodeKnown, type Known } from "./decodeKnown.ts"
import type { DesiredResource, ResourceType, SpecByType } from "./Resource.ts"
import { descriptors, isResourceType, type ResourceDescriptor, resourceTypes } from "./ResourceDescriptor.ts"
import type { Violation } from "./Violation.ts"

export type DecodedResource =
  | {
      readonly resource: DesiredResource
      /** What was given and isn't in the resource. */
      readonly warnings: ReadonlyArray<Violation>
    }
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
  // What the control plane computes: whoever writes back what was read doesn't mean it.
  const { spec, status: _status, snis: _snis, ...unknown } = rest
  return { meta: { ...meta, ...unknown }, spec, base: ["spec"] }
}

const NO_SPEC = { violations: [{ field: "spec", message: "in body is required" }] }

/** Where the spec is inline, its fields' neighbours. */
const BESIDE = { numbersInQuotes: true, alsoKnown: ["type", "mesh", "name", "labels"] }

const decodeSpec = <T extends ResourceType>(
  { schema, specStyle }: ResourceDescriptor<T>,
  spec: unknown,
  base: ReadonlyArray<string>
): Known<SpecByType[T]> =>
  spec === undefined ? NO_SPEC : decodeKnown(schema, spec, specStyle === "inline" ? BESIDE : { base })

const decodeAs = <T extends ResourceType>(
  descriptor: ResourceDescriptor<T>,
  input: Readonly<Record<string, unknown>>
): {
  readonly resource: DesiredResource<T>
  readonly warnings: ReadonlyArray<Violation>
} | { readonly violations: ReadonlyArray<Violation> } => {
  const parts = split(descriptor, input)
  const meta = decodeKnown(Meta, parts.meta, { alsoKnown: parts.base })
  const spec = decodeSpec(descriptor, parts.spec, parts.base)
  if ("violations" in meta || "violations" in spec) {
    return { violations: [...told(meta), ...told(spec)] }
  }
  const { mesh = "", name, labels = {} } = meta.value
  const isGlobal = descriptor.scope === "Global"
  const alien = isGlobal && mesh !== ""
    ? [{ field: "mesh", message: `left out: a ${descriptor.type} belongs to no mesh` }]
    : []
  return {
    resource: {
      type: descriptor.type,
      mesh: isGlobal ? "" : mesh === "" ? "default" : mesh,
      name,
      labels,
      spec: spec.value
    },
    warnings: [...alien, ...meta.warnings, ...spec.warnings]
  }
}

const told = (known: Known<unknown>): ReadonlyArray<Violation> =>
  "violations" in known ? known.violations : known.warnings

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
