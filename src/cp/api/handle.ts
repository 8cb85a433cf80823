/** Answers one request: receives it whole, asks the store, never sees a socket. */
import { Cause, Effect } from "effect"
import { hostname } from "node:os"
import type { HostnameGenerator } from "../../model/HostnameGenerator.ts"
import type { Journal, JournalExport } from "../../model/Journal.ts"
import type { Conflict, Store, StoreUnavailable } from "../../model/Store.ts"
import type { AccessConfig } from "../auth/user/Access.ts"
import { keySerial, USER_TOKENS } from "../auth/token/TokenScope.ts"
import { renewAdminToken } from "../auth/user/ensureAdminToken.ts"
import { answerUnserved } from "./answerUnserved.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { deleteResource } from "./deleteResource.ts"
import { describePolicies, describeTypes } from "./describeTypes.ts"
import { exportJournal } from "./exportJournal.ts"
import type { ExportPlaces } from "./ExportPlaces.ts"
import { getResource, listResources } from "./getResources.ts"
import { getByKri } from "./getByKri.ts"
import { inspect } from "./inspect/inspect.ts"
import { inspectService } from "./inspectService.ts"
import { issueToken } from "./issueToken.ts"
import { KUMA_VERSION } from "./kumaVersion.ts"
import { openApiText } from "./openapi/openApiText.ts"
import { isConditional } from "./preconditions.ts"
import { putResource } from "./putResource.ts"
import { conflict, errorBody, internal, preconditionFailed, readOnly, type Refusal, unavailable } from "./Refusal.ts"
import type { Route } from "./Route.ts"

/** Who answers, for `GET /`. */
export interface Identity {
  readonly zone: string
  /** Our own version. */
  readonly version: string
  /** Differs for each running replica. */
  readonly instanceId: string
  /** The same for all replicas on one database. */
  readonly clusterId: string
}

/** kumactl goes on only where the product is `Kuma`, and warns where the version isn't its own. */
const describeServer = ({ clusterId, instanceId, version, zone }: Identity): ApiResponse => ({
  status: 200,
  body: {
    hostname: hostname(),
    product: "Kuma",
    version: KUMA_VERSION,
    instanceId,
    clusterId,
    gui: "",
    basedOnKuma: KUMA_VERSION,
    implementation: "ecs-mesh",
    implementationVersion: version,
    zone
  }
})

/** What the server that answers was told at its start. */
export interface Setting {
  readonly identity: Identity
  readonly places: ExportPlaces
  /** Nothing is written. */
  readonly readOnly: boolean
  readonly issuesUserTokens: boolean
  /** Whether the administrator's token is made here. */
  readonly keepsAdminToken: boolean
  readonly access: AccessConfig
  readonly warnGenerator: (generator: HostnameGenerator) => ReadonlyArray<string>
  /** The configuration as it may be shown. */
  readonly shownConfig: unknown
}

const json = (body: unknown) => Effect.succeed<ApiResponse>({ status: 200, body })

const dispatchResource = (
  request: ApiRequest,
  route: Extract<Route, { _tag: "Single" }>,
  { access, identity, readOnly: isReadOnly, warnGenerator }: Setting
) => {
  if (request.method === "GET") return getResource(request, route)
  if (isReadOnly) return Effect.fail(readOnly("this control plane's API is read-only (KUMA_API_SERVER_READ_ONLY)"))
  return request.method === "PUT"
    ? putResource(request, route, { access, warnGenerator, zone: identity.zone })
    : deleteResource(request, route)
}

const isUserKeyChange = (
  { method }: ApiRequest,
  { descriptor, name }: Extract<Route, { _tag: "Single" }>
): boolean =>
  method !== "GET" && descriptor.type === USER_TOKENS.type && keySerial(USER_TOKENS, name) !== undefined

const dispatch = (
  request: ApiRequest,
  route: Route,
  setting: Setting
): Effect.Effect<ApiResponse, Refusal | Conflict | StoreUnavailable, Store | Journal | JournalExport> => {
  switch (route._tag) {
    case "Index":
      return Effect.succeed(describeServer(setting.identity))
    case "WhoAmI":
      return json({ name: request.user.name, groups: request.user.groups })
    case "Config":
      return json(setting.shownConfig)
    case "ResourceTypes":
      return json(describeTypes(setting.readOnly))
    case "Policies":
      return json(describePolicies(setting.readOnly))
    case "OpenApi":
      return Effect.sync(() => ({ status: 200, text: openApiText(), contentType: "application/yaml" }))
    case "Journal":
      return exportJournal(request, setting.places)
    case "Tokens":
      return issueToken(request, route.kind, setting.issuesUserTokens)
    case "Kri":
      return getByKri(request, route.kri)
    case "ServicePart":
      return inspectService(request, route, setting.identity.zone)
    case "Inspect":
      return inspect(request, route)
    case "Unserved":
      return answerUnserved(request, route)
    case "Collection":
      return listResources(request, route)
    case "Single":
      return Effect.gen(function*() {
        const answer: ApiResponse = yield* dispatchResource(request, route, setting)
        if (setting.keepsAdminToken && isUserKeyChange(request, route)) yield* renewAdminToken()
        return answer
      })
  }
}

export const respond = (refusal: Refusal): ApiResponse => ({
  status: refusal.status,
  body: errorBody(refusal),
  headers: refusal.headers ?? {}
})

/** Never fails: what goes wrong is an answer too. */
export const answerWith = <A, R>(
  answer: Effect.Effect<A, Refusal | Conflict | StoreUnavailable, R>,
  rawPath: string
): Effect.Effect<A | ApiResponse, never, R> =>
  answer.pipe(
    Effect.catchTags({
      Refusal: (refusal) => Effect.succeed(respond(refusal)),
      Conflict: ({ key }) => Effect.succeed(respond(conflict(key))),
      StoreUnavailable: ({ message, operation }) =>
        Effect.logWarning("The store doesn't answer an API request").pipe(
          Effect.annotateLogs({ operation, message, path: rawPath }),
          Effect.as(respond(unavailable(operation)))
        )
    }),
    Effect.catchCause((cause) =>
      // Nobody is left to be answered.
      Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.logError("An API request failed").pipe(
        Effect.annotateLogs({ cause: Cause.pretty(cause), path: rawPath }),
        Effect.as(respond(internal))
      ))
  )

export const handle = (request: ApiRequest, route: Route, setting: Setting) =>
  answerWith(
    Effect.suspend(() => dispatch(request, route, setting)).pipe(
      Effect.catchTag("Conflict", (lost) =>
        Effect.fail(
          isConditional(request.preconditions)
            ? preconditionFailed("it was changed by somebody else in the meantime")
            : lost
        ))
    ),
    request.rawPath
  )
