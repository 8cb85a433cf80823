/**
 * One resource with the names of fields that Envoy's own dumps have. No key of a certificate leaves this way: of a
 * secret only what is public is read, and what a cluster holds itself of one is left out.
 */
import { type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf"
import { SecretSchema } from "../proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js"
import { registry } from "./renderSnapshot.ts"
import { TypeUrl, type XdsResource } from "./XdsResource.ts"

const REDACTED = Buffer.from("[redacted]").toString("base64")

const KEYS: ReadonlySet<string> = new Set(["private_key", "password"])

const withoutKeys = (value: JsonValue): JsonValue => {
  if (Array.isArray(value)) return value.map(withoutKeys)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, KEYS.has(key) ? { inline_bytes: REDACTED } : withoutKeys(inner)])
  )
}

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const renderAsEnvoy = ({ message, typeUrl }: XdsResource): JsonObject => {
  const schema = typeUrl === TypeUrl.Secret ? SecretSchema : registry.getMessage(message.$typeName)
  if (schema === undefined) throw new Error(`${message.$typeName} is missing in the registry of renderSnapshot.ts`)
  const rendered = withoutKeys(toJson(schema, message, { registry, useProtoFieldName: true }))
  return isObject(rendered) ? { "@type": typeUrl, ...rendered } : { "@type": typeUrl }
}
