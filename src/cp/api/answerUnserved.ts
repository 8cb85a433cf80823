/** Answers of types of Kuma's that this control plane doesn't have. */
import { Effect } from "effect"
import { isResourceType } from "../../model/ResourceDescriptor.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { requireMesh } from "./getResources.ts"
import { readPage } from "./readPage.ts"
import { invalid, notFound } from "./Refusal.ts"
import type { Route } from "./Route.ts"

export const answerUnserved = Effect.fnUntraced(function*(
  request: ApiRequest,
  { mesh, name, unserved: { instead, type } }: Extract<Route, { _tag: "Unserved" }>
) {
  if (mesh !== undefined) yield* requireMesh(mesh)
  if (name === undefined) {
    yield* readPage(request.query)
    return { status: 200, body: { total: 0, items: [], next: null } } satisfies ApiResponse
  }
  if (request.method !== "PUT") {
    return yield* notFound(`Could not ${request.method === "DELETE" ? "delete" : "retrieve"} a resource`)
  }
  // What isn't served either is no advice.
  const advice = instead !== null && isResourceType(instead) ? `: use ${instead}` : ""
  return yield* invalid("Could not process a resource", [
    { field: "type", message: `${type} isn't offered by this control plane and would have no effect${advice}` }
  ])
})
