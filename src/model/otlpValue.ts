/**
 * The body of an OpenTelemetry log record: a text, or one of OTLP's values in the JSON of protobuf. What is neither is
 * the text of its JSON, as in Kuma. Pure.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
 */

/** OTLP's port for gRPC. */
export const OTLP_PORT = 4317

/** Those that Envoy can write; it takes no numbers, no truth values and no bytes. */
export type OtlpValue =
  | { readonly stringValue: string }
  | { readonly arrayValue: { readonly values: ReadonlyArray<OtlpValue> } }
  | { readonly kvlistValue: { readonly values: ReadonlyArray<{ readonly key: string; readonly value: OtlpValue }> } }

/** Names as JSON has them, and as protobuf has them. */
const NAMES: Readonly<Record<string, string>> = {
  string_value: "stringValue", array_value: "arrayValue", kvlist_value: "kvlistValue", bool_value: "boolValue",
  int_value: "intValue", double_value: "doubleValue", bytes_value: "bytesValue"
}
const UNWRITABLE = ["boolValue", "intValue", "doubleValue", "bytesValue"]

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const valuesOf = (value: unknown): ReadonlyArray<unknown> | undefined => {
  const values: unknown = isObject(value) ? value["values"] ?? [] : undefined
  return Array.isArray(values) ? values : undefined
}

/** What it is, where it is one of OTLP's values. */
type Read = OtlpValue | "Unwritable" | "Other"

const isRead = (value: Read): value is OtlpValue => typeof value !== "string"

const worst = (values: ReadonlyArray<Read>): "Unwritable" | "Other" =>
  values.includes("Other") ? "Other" : "Unwritable"

const readValue = (value: unknown): Read => {
  if (!isObject(value)) return "Other"
  const [entry, ...more] = Object.entries(value)
  if (entry === undefined || more.length > 0) return "Other"
  const [name, inner] = [NAMES[entry[0]] ?? entry[0], entry[1]]
  if (UNWRITABLE.includes(name)) return "Unwritable"
  if (name === "stringValue") return typeof inner === "string" ? { stringValue: inner } : "Other"
  const values = valuesOf(inner)
  if (values === undefined) return "Other"
  if (name === "arrayValue") {
    const read = values.map(readValue)
    return read.every(isRead) ? { arrayValue: { values: read } } : worst(read)
  }
  if (name !== "kvlistValue") return "Other"
  const pairs = values.map((pair) =>
    isObject(pair) && typeof pair["key"] === "string"
      ? { key: pair["key"], value: readValue(pair["value"]) }
      : { key: "", value: "Other" as const })
  const written = pairs.flatMap(({ key, value }) => (isRead(value) ? [{ key, value }] : []))
  return written.length === pairs.length
    ? { kvlistValue: { values: written } }
    : worst(pairs.map(({ value }) => value))
}

/** Undefined where it is one of OTLP's values, but none that Envoy can write. */
export const readBody = (body: unknown): OtlpValue | undefined => {
  if (typeof body === "string") return { stringValue: body }
  const read = readValue(body)
  if (isRead(read)) return read
  return read === "Unwritable" ? undefined : { stringValue: JSON.stringify(body) }
}

/** With every text, and every key, as `change` makes it. */
export const changeTexts = (value: OtlpValue, change: (text: string) => string): OtlpValue => {
  if ("stringValue" in value) return { stringValue: change(value.stringValue) }
  return "arrayValue" in value
    ? { arrayValue: { values: value.arrayValue.values.map((one) => changeTexts(one, change)) } }
    : {
      kvlistValue: {
        values: value.kvlistValue.values.map(({ key, value: inner }) =>
          ({ key: change(key), value: changeTexts(inner, change) }))
      }
    }
}

/** All that Envoy reads as a format. */
export const formatsIn = (value: OtlpValue): ReadonlyArray<string> => {
  if ("stringValue" in value) return [value.stringValue]
  return "arrayValue" in value
    ? value.arrayValue.values.flatMap(formatsIn)
    : value.kvlistValue.values.flatMap(({ value: inner }) => formatsIn(inner))
}
