/** The API's description in OpenAPI 3.1, made of the tables and schemas that the API itself goes by. */
import { stringify } from "yaml"
import { descriptors, type ResourceDescriptor } from "../../../model/ResourceDescriptor.ts"
import { KUMA_VERSION } from "../kumaVersion.ts"
import { DataplaneTokenRequest, UserTokenRequest, ZoneTokenRequest } from "../issueToken.ts"
import { type Json, jsonSchema, resourceSchema, type SchemaWithParts } from "./jsonSchema.ts"
import { paths, TOKEN_REQUESTS } from "./paths.ts"

const violation = (words: string): Json => ({
  type: "array",
  items: { type: "object", properties: { field: { type: "string" }, [words]: { type: "string" } } }
})

const ERROR: Json = {
  type: "object",
  required: ["type", "status", "title", "detail"],
  properties: {
    type: { type: "string", enum: ["/std-errors"] },
    status: { type: "integer" },
    title: { type: "string" },
    detail: { type: "string" },
    invalid_parameters: violation("reason"),
    details: { type: "string" },
    causes: violation("message")
  }
}

const named = (): ReadonlyArray<readonly [string, SchemaWithParts]> => [
  ...Object.values<ResourceDescriptor>(descriptors).map((descriptor) =>
    [descriptor.type, resourceSchema(descriptor)] as const),
  [TOKEN_REQUESTS.dataplane, jsonSchema(DataplaneTokenRequest, "refused")],
  [TOKEN_REQUESTS.user, jsonSchema(UserTokenRequest, "refused")],
  [TOKEN_REQUESTS.zone, jsonSchema(ZoneTokenRequest, "refused")]
]

export const openApiDocument = (): Json => {
  const schemas = named()
  return {
    openapi: "3.1.0",
    info: {
      title: "ecs-mesh",
      description: "Kuma's REST API, as this control plane serves it",
      version: KUMA_VERSION
    },
    security: [{ userToken: [] }],
    paths: paths(),
    components: {
      securitySchemes: {
        userToken: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "a user token" }
      },
      schemas: {
        Error: ERROR,
        ...Object.assign({}, ...schemas.map(([, { parts }]) => parts)),
        ...Object.fromEntries(schemas.map(([name, { schema }]) => [name, schema]))
      }
    }
  }
}

let known: string | undefined

/** Made once, when somebody first asks. */
export const openApiText = (): string => {
  known ??= stringify(openApiDocument(), { lineWidth: 0, aliasDuplicateObjects: false })
  return known
}
