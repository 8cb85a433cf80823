/**
 * What of a rendered Envoy resource anybody may see who may see it at all. Of bytes that say how TLS is spoken, wherever
 * they stand, that is certificates and nothing else: keys and passwords are left out, and so is whatever else somebody's
 * Secret held in the place of a certificate. Pure.
 */
import type { JsonObject, JsonValue } from "@bufbuild/protobuf"

/** As protobuf's JSON calls them, and as Envoy's own dumps do. */
const BYTES = ["inlineBytes", "inline_bytes"]
const TEXT = ["inlineString", "inline_string"]

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const certificatesIn = (text: string): string => (text.match(CERTIFICATE) ?? []).map((one) => `${one}\n`).join("")

/** What a source of bytes holds itself, by the field that holds it; null where it names a file, or is no source. */
const heldBy = (value: JsonObject): { readonly field: string; readonly text: string; readonly isBytes: boolean } | null => {
  const field = [...BYTES, ...TEXT].find((name) => typeof value[name] === "string")
  if (field === undefined) return null
  const isBytes = BYTES.includes(field)
  const text = String(value[field])
  return { field, isBytes, text: isBytes ? Buffer.from(text, "base64").toString() : text }
}

const source = (value: JsonObject, redacted: JsonObject): JsonObject => {
  const held = heldBy(value)
  if (held === null) return value
  const certificates = certificatesIn(held.text)
  if (certificates === "") return redacted
  // As it came, where it is nothing else.
  if (certificates.trim() === held.text.trim()) return value
  return { [held.field]: held.isBytes ? Buffer.from(certificates).toString("base64") : certificates }
}

const isTls = (value: JsonObject): boolean => {
  const type = value["@type"]
  return typeof type === "string" && type.includes(".transport_sockets.tls.")
}

/** `redacted`: stands for a source that isn't shown. `inTls`: the whole is about TLS, as a secret of Envoy's is. */
export const publicParts = (value: JsonValue, redacted: JsonObject, inTls = false): JsonValue => {
  if (Array.isArray(value)) return value.map((one) => publicParts(one, redacted, inTls))
  if (!isObject(value)) return value
  const within = inTls || isTls(value)
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      within && isObject(inner) && heldBy(inner) !== null
        ? source(inner, redacted)
        : publicParts(inner, redacted, within)
    ])
  )
}
