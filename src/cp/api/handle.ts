/** Answers one request: receives it whole, asks the store, never sees a socket. */
import { Cause, Effect } from "effect"
import { hostname } from "node:os"
import type { Journal, JournalExport } from "../../model/Journal.ts"
import type { Conflict, Store, StoreUnavailable } from "../../model/Store.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { deleteResource } from "./deleteResource.ts"
import { exportJournal } from "./exportJournal.ts"
import type { ExportPlaces } from "./ExportPlaces.ts"
import { getResource, listResources } from "./getResources.ts"
import { issueProxyToken } from "./issueProxyToken.ts"
import { ANONYMOUS } from "./noteStored.ts"
import { putResource } from "./putResource.ts"
import { accessDenied, conflict, errorBody, internal, type Refusal, unavailable } from "./Refusal.ts"
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

/** The version of Kuma whose API this is. */
export const KUMA_VERSION = "2.14.3"

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

/** What only an administrator may reach, or null: whatever else is there, anybody may who reaches the API. */
const reservedIn = (route: Route): string | null => {
  if (route._tag === "Index") return null
  if (route._tag === "Journal") return "the journal"
  if (route._tag === "Tokens") return `generate ${route.kind} token`
  return route.descriptor.adminOnly ? `the resource of type "${route.descriptor.type}"` : null
}

const authorize = (request: ApiRequest, route: Route): Effect.Effect<void, Refusal> => {
  const reserved = reservedIn(route)
  return reserved === null || request.isAdmin
    ? Effect.void
    : Effect.fail(accessDenied(`user "${ANONYMOUS}" cannot access ${reserved}`))
}

const dispatch = (
  request: ApiRequest,
  route: Route,
  identity: Identity,
  places: ExportPlaces
): Effect.Effect<ApiResponse, Refusal | Conflict | StoreUnavailable, Store | Journal | JournalExport> => {
  if (route._tag === "Index") return Effect.succeed(describeServer(identity))
  if (route._tag === "Journal") return exportJournal(request, places)
  if (route._tag === "Tokens") return issueProxyToken(request, route.kind)
  if (route._tag === "Collection") return listResources(request, route)
  if (request.method === "PUT") return putResource(request, route, identity.zone)
  if (request.method === "DELETE") return deleteResource(request, route)
  return getResource(request, route)
}

const respond = (refusal: Refusal): ApiResponse => ({ status: refusal.status, body: errorBody(refusal) })

/** Never fails: what goes wrong is an answer too. */
export const handle = (
  request: ApiRequest,
  route: Route,
  identity: Identity,
  places: ExportPlaces
): Effect.Effect<ApiResponse, never, Store | Journal | JournalExport> =>
  authorize(request, route).pipe(
    Effect.andThen(Effect.suspend(() => dispatch(request, route, identity, places))),
    Effect.catchTags({
      Refusal: (refusal) => Effect.succeed(respond(refusal)),
      Conflict: ({ key }) => Effect.succeed(respond(conflict(key))),
      StoreUnavailable: ({ message, operation }) =>
        Effect.logWarning("The store doesn't answer an API request").pipe(
          Effect.annotateLogs({ operation, message, path: request.rawPath }),
          Effect.as(respond(unavailable(operation)))
        )
    }),
    Effect.catchCause((cause) =>
      Effect.logError("An API request failed").pipe(
        Effect.annotateLogs({ cause: Cause.pretty(cause), path: request.rawPath }),
        Effect.as(respond(internal))
      ))
  )
