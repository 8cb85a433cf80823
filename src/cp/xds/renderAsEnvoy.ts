/**
 * One resource with the names of fields that Envoy's own dumps have. No key of a certificate leaves this way: of a
 * secret only what is public is read, and what a cluster or listener holds itself of one is left out.
 */
import { type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf"
import { SecretSchema } from "../proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js"
import { publicParts } from "./publicParts.ts"
import { registry } from "./renderSnapshot.ts"
import { TypeUrl, type XdsResource } from "./XdsResource.ts"

const REDACTED: JsonObject = { inline_bytes: Buffer.from("[redacted]").toString("base64") }

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const renderAsEnvoy = ({ message, typeUrl }: XdsResource): JsonObject => {
  const schema = typeUrl === TypeUrl.Secret ? SecretSchema : registry.getMessage(message.$typeName)
  if (schema === undefined) throw new Error(`${message.$typeName} is missing in the registry of renderSnapshot.ts`)
  const rendered = publicParts(
    toJson(schema, message, { registry, useProtoFieldName: true }),
    REDACTED,
    typeUrl === TypeUrl.Secret
  )
  return isObject(rendered) ? { "@type": typeUrl, ...rendered } : { "@type": typeUrl }
}
