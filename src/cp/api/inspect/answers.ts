/** What the answers to all questions of inspection are made with. */
import { Effect } from "effect"
import { meshOf } from "../../inspect/Inspector.ts"
import type { MeshView } from "../../snapshot/MeshView.ts"
import type { Resource } from "../../../model/Resource.ts"
import type { ApiRequest, ApiResponse } from "../ApiRequest.ts"
import { nextLink, readPage } from "../readPage.ts"
import { notFound, type Refusal } from "../Refusal.ts"
import type { Question } from "./InspectEntry.ts"

export const json = (body: unknown): ApiResponse => ({ status: 200, body })

/** A page in the shape of resources' lists. */
export const pageOf = <A>(
  request: ApiRequest,
  all: ReadonlyArray<A>,
  encode: (one: A) => unknown
): Effect.Effect<ApiResponse, Refusal> =>
  Effect.map(readPage(request.query), (page) =>
    json({
      total: all.length,
      items: all.slice(page.offset, page.offset + page.size).map(encode),
      next: nextLink(request, page, all.length)
    }))

/** A page in the shape of newer lists, in which no next one is left out. */
export const newerPageOf = <A>(
  request: ApiRequest,
  all: ReadonlyArray<A>,
  encode: (one: A) => unknown
): Effect.Effect<ApiResponse, Refusal> =>
  Effect.map(readPage(request.query), (page) => {
    const next = nextLink(request, page, all.length)
    return json({
      items: all.slice(page.offset, page.offset + page.size).map(encode),
      ...(next === null ? {} : { next }),
      total: all.length
    })
  })

export const requireMeshResource = ({ inspector, parameter }: Question): Effect.Effect<Resource<"Mesh">, Refusal> => {
  const mesh = inspector.resources.get({ type: "Mesh", mesh: "", name: parameter("mesh") })
  return mesh === undefined ? Effect.fail(notFound("Failed to retrieve Mesh")) : Effect.succeed(mesh)
}

/** `title`: of the refusal where there is no such mesh. */
export const requireView = (
  { inspector, parameter }: Question,
  title = "Failed to retrieve Mesh"
): Effect.Effect<MeshView, Refusal> => {
  const view = meshOf(inspector, parameter("mesh"))
  return view === null ? Effect.fail(notFound(title)) : Effect.succeed(view)
}

/** As newer answers name a resource. */
export const encodeMeta = ({ labels, mesh, name, type }: Resource) => ({ labels, mesh, name, type })
