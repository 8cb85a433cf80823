/** JSON Schema of what the API reads and writes, made from the very schemas that decode it. Pure. */
import { Schema } from "effect"
import type { ResourceDescriptor } from "../../../model/ResourceDescriptor.ts"

export type Json = Readonly<Record<string, unknown>>

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/** JSON has no such numbers: `Schema.Number` alone would allow to write them as text. */
const isNumberAsText = (value: unknown): boolean =>
  JSON.stringify(value) === `{"type":"string","enum":["Infinity","-Infinity","NaN"]}`

const REFERENCE = /^#\/\$defs\//

/** References point to where OpenAPI keeps schemas. */
const adapt = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(adapt)
  if (typeof value === "string") return value.replace(REFERENCE, SCHEMAS)
  if (typeof value !== "object" || value === null) return value
  if ("anyOf" in value && Array.isArray(value.anyOf)) {
    const { anyOf, ...rest } = value
    const [first, ...others] = anyOf.filter((one) => !isNumberAsText(one)).map(adapt)
    return others.length === 0 && isJson(first) ? { ...rest, ...first } : { ...rest, anyOf: [first, ...others] }
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, adapt(inner)]))
}

export const SCHEMAS = "#/components/schemas/"

const asJson = (value: unknown): Json => isJson(value) ? value : {}

export interface SchemaWithParts {
  readonly schema: Json
  /** What the schema refers to, by name. */
  readonly parts: Json
}

/** `unknownFields`: whether a field that the schema doesn't know is refused, or taken (and left out). */
export const jsonSchema = (
  schema: Schema.Codec<unknown, unknown>,
  unknownFields: "refused" | "taken"
): SchemaWithParts => {
  const onExcessProperty = unknownFields === "refused" ? "error" : "ignore"
  const document = Schema.toJsonSchemaDocument(schema, { onExcessProperty })
  return { schema: asJson(adapt(document.schema)), parts: asJson(adapt(document.definitions)) }
}

const text = { type: "string" }
const computed = { type: "string", readOnly: true, description: "written by the control plane" }

/** A resource of a type as Kuma's Universal JSON has it. Of a field that isn't known its author is warned. */
export const resourceSchema = ({ schema, scope, specStyle, type }: ResourceDescriptor): SchemaWithParts => {
  const spec = jsonSchema(schema, "taken")
  const meta: Json = {
    type: { type: "string", enum: [type] },
    ...(scope === "Mesh" ? { mesh: text } : {}),
    name: text,
    creationTime: computed,
    modificationTime: computed,
    labels: { type: "object", additionalProperties: text },
    kri: computed
  }
  const required = ["type", ...(scope === "Mesh" ? ["mesh"] : []), "name"]
  if (specStyle === "spec") {
    const properties = { ...meta, spec: spec.schema, status: { type: "object", readOnly: true } }
    return { ...spec, schema: { type: "object", properties, required, additionalProperties: true } }
  }
  const own = Array.isArray(spec.schema["required"]) ? spec.schema["required"] : []
  return {
    ...spec,
    schema: {
      ...spec.schema, properties: { ...meta, ...asJson(spec.schema["properties"]) }, required: [...required, ...own]
    }
  }
}
