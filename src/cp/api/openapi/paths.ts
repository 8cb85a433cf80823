/** What can be asked at which path, from the tables that requests are routed by. Pure. */
import { descriptors, type ResourceDescriptor } from "../../../model/ResourceDescriptor.ts"
import { inspectEntries } from "../inspect/inspectEntries.ts"
import type { InspectEntry } from "../inspect/InspectEntry.ts"
import { FIXED_ROUTES, SERVICE_PARTS, type FixedRoute, OLD_OVERVIEWS } from "../Route.ts"
import { UNSERVED, type UnservedType } from "../unserved.ts"
import { type Json, SCHEMAS } from "./jsonSchema.ts"

const content = (schema: Json, type = "application/json"): Json => ({ content: { [type]: { schema } } })
const answer = (description: string, schema: Json, type?: string): Json => ({ description, ...content(schema, type) })
const refer = (name: string): Json => ({ $ref: `${SCHEMAS}${name}` })

/** Whatever else may be answered has this shape, or is a line of text of the router's. */
const REFUSALS: Json = {
  "4XX": {
    description: "refused, with every reason",
    content: { "application/json": { schema: refer("Error") }, "text/plain": { schema: { type: "string" } } }
  },
  "503": { ...answer("the store doesn't answer, or too much is under way", refer("Error")) }
}

const inPath = (name: string): Json => ({ name, in: "path", required: true, schema: { type: "string" } })
const inQuery = (name: string, schema: Json, description: string): Json => ({ name, in: "query", schema, description })

const PAGE: ReadonlyArray<Json> = [
  inQuery("size", { type: "integer", minimum: 1, maximum: 1000, default: 100 }, "how many at most"),
  inQuery("offset", { type: "integer", minimum: 0, maximum: 999_999_999 }, "how many to leave out"),
]
const FILTERS: ReadonlyArray<Json> = [
  inQuery("name", { type: "string" }, "a part of the name"),
  {
    name: "filter", in: "query", style: "deepObject", explode: true, description: "`filter[labels.NAME]=VALUE`",
    schema: { type: "object", patternProperties: { "^labels\\.": { type: "string" } }, additionalProperties: false }
  }
]
const OF_DATAPLANES: ReadonlyArray<Json> = [
  inQuery("tag", { type: "array", items: { type: "string" } }, "`NAME:VALUE`, of which the value may be a part"),
  inQuery("gateway", { type: "string", enum: ["true", "false", "builtin", "delegated"] }, "which kind of gateway")
]
const FORMAT = inQuery("format", { type: "string", enum: ["universal"] }, "only this")

/** What a careful writer says, in words of RFC 9110. */
const ifMatch = (description: string): Json => ({ name: "If-Match", in: "header", schema: { type: "string" }, description })
const CONDITIONS: ReadonlyArray<Json> = [
  ifMatch("the ETag that it was read with, or `*`: 412 where something else is there"),
  {
    name: "If-None-Match", in: "header", schema: { type: "string" },
    description: "`*`: 412 where something is there already"
  }
]
const ETAG: Json = {
  headers: { ETag: { schema: { type: "string" }, description: "names the version that is stored" } }
}

const page = (item: Json): Json => ({
  type: "object",
  required: ["total", "items", "next"],
  properties: {
    total: { type: "integer" },
    items: { type: "array", items: item },
    next: { type: ["string", "null"], description: "where the next page is" }
  }
})

const WRITTEN = content({
  type: "object", properties: { warnings: { type: "array", items: { type: "string" } } }, additionalProperties: false
})

interface Described {
  readonly id: string
  readonly summary: string
  readonly tag: string
  readonly parameters?: ReadonlyArray<Json>
  readonly body?: Json
  readonly responses: Json
}

const operation = ({ body, id, parameters = [], responses, summary, tag }: Described): Json => ({
  operationId: id,
  summary,
  tags: [tag],
  ...(parameters.length === 0 ? {} : { parameters }),
  ...(body === undefined ? {} : { requestBody: { required: true, ...content(body) } }),
  responses: { ...responses, ...REFUSALS }
})

/** `/meshes/{mesh}/meshtimeouts` is `meshes-mesh-meshtimeouts`: each path is one, so that ids differ. */
const idOf = (method: string, path: string): string =>
  `${method}-${path.replace(/[{}]/g, "").replace(/[^a-zA-Z0-9_]+/g, "-").replace(/^-|-$/g, "")}`

const listAt = (path: string, type: string, item: Json, parameters: ReadonlyArray<Json>): Json => ({
  get: operation({
    id: idOf("list", path), summary: `Lists ${type}`, tag: type, parameters: [...PAGE, ...parameters],
    responses: { "200": answer("a page, ordered by mesh and name", page(item)) }
  })
})

const filtersOf = ({ type }: ResourceDescriptor): ReadonlyArray<Json> =>
  type === "Dataplane" ? [...FILTERS, ...OF_DATAPLANES] : FILTERS

const getAt = (path: string, type: string, schema: Json, headers: Json = {}): Json =>
  operation({
    id: idOf("get", path), summary: `Reads a ${type}`, tag: type, parameters: [inPath("name"), FORMAT],
    responses: { "200": { ...answer("it", schema), ...headers } }
  })

const singleAt = (path: string, { readOnly, type }: ResourceDescriptor): Json => ({
  get: getAt(path, type, refer(type), ETAG),
  ...(readOnly ? {} : {
    put: operation({
      id: idOf("put", path), summary: `Creates or replaces a ${type}`, tag: type,
      parameters: [inPath("name"), ...CONDITIONS],
      body: refer(type),
      responses: {
        "200": { description: "replaced", ...WRITTEN, ...ETAG }, "201": { description: "created", ...WRITTEN, ...ETAG }
      }
    }),
    delete: operation({
      id: idOf("delete", path), summary: `Deletes a ${type}`, tag: type,
      parameters: [inPath("name"), ...CONDITIONS.slice(0, 1)],
      responses: { "200": { description: "deleted", ...WRITTEN } }
    })
  })
})

type Paths = ReadonlyArray<readonly [path: string, item: Json]>

const inMesh = (item: Json): Json => ({ parameters: [inPath("mesh")], ...item })

const resourcePaths = (descriptor: ResourceDescriptor): Paths => {
  const { insight, paths, scope, type } = descriptor
  const filters = filtersOf(descriptor)
  const overview = { type: "object" }
  return paths.flatMap((segment): Paths => {
    const base = scope === "Mesh" ? `/meshes/{mesh}/${segment}` : `/${segment}`
    const wrap = scope === "Mesh" ? inMesh : (item: Json) => item
    return [
      ...(scope === "Mesh" ? [[`/${segment}`, listAt(`/${segment}`, type, refer(type), filters)] as const] : []),
      [base, wrap(listAt(base, type, refer(type), filters))],
      [`${base}/{name}`, wrap(singleAt(`${base}/{name}`, descriptor))],
      ...(insight === null ? [] : overviewPaths(descriptor, segment, base, wrap, overview))
    ]
  })
}

const overviewPaths = (
  descriptor: ResourceDescriptor,
  segment: string,
  base: string,
  wrap: (item: Json) => Json,
  overview: Json
): Paths => {
  const { scope, type } = descriptor
  const list = (path: string) => listAt(path, `${type}Overview`, overview, filtersOf(descriptor))
  return [
    ...(scope === "Mesh" ? [[`/${segment}/_overview`, list(`/${segment}/_overview`)] as const] : []),
    [`${base}/_overview`, wrap(list(`${base}/_overview`))],
    [`${base}/{name}/_overview`, wrap({ get: getAt(`${base}/{name}/_overview`, `${type}Overview`, overview) })]
  ]
}

/** What older clients ask. */
const oldPaths: Paths = Object.entries(OLD_OVERVIEWS).flatMap(([segment, descriptor]): Paths => {
  const { scope, type } = descriptor
  const base = scope === "Mesh" ? `/meshes/{mesh}/${segment}` : `/${segment}`
  const wrap = scope === "Mesh" ? inMesh : (item: Json) => item
  const overview = { type: "object" }
  return [
    [base, wrap(listAt(base, `${type}Overview`, overview, filtersOf(descriptor)))],
    [`${base}/{name}`, wrap({ get: getAt(`${base}/{name}`, `${type}Overview`, overview) })]
  ]
})

const unservedPaths = ([segment, { type }]: readonly [string, UnservedType]): Paths => {
  const list = (path: string): Json => ({
    get: operation({
      id: idOf("list", path), summary: `Lists ${type}, of which there is none here`, tag: "Not offered",
      parameters: PAGE, responses: { "200": answer("nothing", page({ type: "object" })) }
    })
  })
  return [
    [`/${segment}`, list(`/${segment}`)],
    [`/meshes/{mesh}/${segment}`, inMesh(list(`/meshes/{mesh}/${segment}`))]
  ]
}

const get = (id: string, summary: string, response: Json, parameters: ReadonlyArray<Json> = []): Json => ({
  get: operation({ id, summary, tag: "System", parameters, responses: { "200": response } })
})

const LOOSE = { type: "object" }

const fixedItem = (route: FixedRoute): Json => {
  switch (route._tag) {
    case "Index":
      return { get: { ...get("index", "Says who answers", answer("that", LOOSE))["get"] as Json, security: [{}] } }
    case "Config":
      return get("config", "The configuration, without secrets", answer("that", LOOSE))
    case "WhoAmI":
      return get("who-am-i", "Says who asks", answer("name and groups", {
        type: "object",
        required: ["name", "groups"],
        properties: { name: { type: "string" }, groups: { type: "array", items: { type: "string" } } }
      }))
    case "ResourceTypes":
      return get("resource-types", "The types of resources", answer("these", LOOSE))
    case "Policies":
      return get("policies", "The types of policies", answer("these", LOOSE))
    case "OpenApi":
      return get("openapi", "This document", answer("OpenAPI 3.1", { type: "string" }, "application/yaml"))
    case "Journal":
      return get(
        "journal", "What this replica saw, decided and sent",
        answer("a line of JSON each", { type: "string" }, "application/jsonl"),
        [
          inQuery("key", { type: "array", items: { type: "string" } }, "only entries of these keys"),
          inQuery("since", { type: "string", format: "date-time" }, "only entries since then")
        ]
      )
    case "Tokens":
      return {
        post: operation({
          id: `generate-${route.kind}-token`, summary: `Issues a ${route.kind} token`, tag: "Tokens",
          body: refer(TOKEN_REQUESTS[route.kind]),
          responses: { "200": answer("the token", { type: "string" }, "text/plain") }
        })
      }
  }
}

/** What is known of one service beside itself. */
const servicePaths: Paths = Object.entries(SERVICE_PARTS).flatMap(([segment, parts]): Paths =>
  parts.map((part) => {
    const path = `/meshes/{mesh}/${segment}/{name}/_${part}`
    return [path, inMesh({
      get: operation({
        id: `${segment}-${part}`, summary: `The ${part} of a service`, tag: "Services",
        parameters: [inPath("name"), ...(part === "dataplanes" ? PAGE : [])],
        responses: { "200": answer("these", LOOSE) }
      })
    })] as const
  }))

export const TOKEN_REQUESTS = {
  dataplane: "DataplaneTokenRequest", user: "UserTokenRequest", zone: "ZoneTokenRequest"
} as const

const TEXT_OR_JSON: Json = {
  description: "that, as the proxy says it; JSON where `format` is json",
  content: { "text/plain": { schema: { type: "string" } }, "application/json": { schema: LOOSE } }
}

const inspectPath = ({ isTold = false, path, query = [], summary }: InspectEntry): readonly [string, Json] => [
  path,
  {
    get: operation({
      id: idOf("inspect", path),
      summary,
      tag: "Inspection",
      parameters: [
        ...[...path.matchAll(/\{([a-z]+)\}/g)].map(([, name = ""]) => inPath(name)),
        ...PAGE.filter(({ name }) => query.includes(String(name))),
        ...query.filter((name) => !PAGE.some((one) => one["name"] === name)).map((name) =>
          inQuery(name, { type: "string" }, "narrows the answer"))
      ],
      responses: { "200": isTold ? TEXT_OR_JSON : answer("that", LOOSE) }
    })
  }
]

export const paths = (): Json =>
  Object.fromEntries([
    ...Object.entries(FIXED_ROUTES).map(([path, route]) => [path, fixedItem(route)] as const),
    ["/_kri/{kri}", {
      get: operation({
        id: "get-by-kri", summary: "Finds a resource by its identifier", tag: "System",
        parameters: [inPath("kri"), FORMAT], responses: { "200": answer("it", LOOSE) }
      })
    }],
    ...servicePaths,
    ...Object.values<ResourceDescriptor>(descriptors).flatMap(resourcePaths),
    ...oldPaths,
    ...Object.entries(UNSERVED).flatMap(unservedPaths),
    // After what isn't offered: some of these are computed where Kuma keeps them.
    ...inspectEntries.map(inspectPath)
  ])
