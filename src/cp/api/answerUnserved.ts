/** Answers of types of Kuma's that this control plane doesn't have. */
import { Effect } from "effect"
import { isResourceType } from "../../model/ResourceDescriptor.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { requireMesh } from "./getResources.ts"
import { readPage } from "./readPage.ts"
import { invalid, notFound } from "./Refusal.ts"
import type { Route } from "./Route.ts"
import { UNSERVED, type UnservedType } from "./unserved.ts"

/** What isn't served either is no advice: what stands for that is. */
const adviceOn = ({ advice, instead }: UnservedType): string => {
  if (instead !== null && isResourceType(instead)) return `: use ${instead}`
  const newer = Object.values(UNSERVED).find(({ type }) => type === instead)
  const told = advice ?? newer?.advice ?? null
  return told === null ? "" : `: ${told}`
}

export const answerUnserved = Effect.fnUntraced(function*(
  request: ApiRequest,
  { mesh, name, unserved }: Extract<Route, { _tag: "Unserved" }>
) {
  if (mesh !== undefined) yield* requireMesh(mesh)
  if (name === undefined) {
    yield* readPage(request.query)
    return { status: 200, body: { total: 0, items: [], next: null } } satisfies ApiResponse
  }
  if (request.method !== "PUT") {
    return yield* notFound(`Could not ${request.method === "DELETE" ? "delete" : "retrieve"} a resource`)
  }
  return yield* invalid("Could not process a resource", [
    { field: "type", message: `${unserved.type} isn't offered by this control plane and would have no effect${adviceOn(unserved)}` }
  ])
})
