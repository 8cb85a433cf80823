/** Reads one resource or a page of them, with what is known of their connections where that is asked for. */
import { Effect } from "effect"
import { encodeResource } from "../../model/encodeResource.ts"
import { formatKey, type Resource, type ResourceType } from "../../model/Resource.ts"
import type { ResourceDescriptor } from "../../model/ResourceDescriptor.ts"
import { Store } from "../../model/Store.ts"
import { meshKey } from "../../model/whileMesh.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { encodeOverview, NO_INSIGHT } from "./encodeOverview.ts"
import { encodeServed } from "./encodeServed.ts"
import { type Filter, listFilter } from "./listFilter.ts"
import { etagOf } from "./preconditions.ts"
import { nextLink, type Page, readPage } from "./readPage.ts"
import { invalid, notFound } from "./Refusal.ts"
import type { Route } from "./Route.ts"
import { inReadersTurn, mapInSlices } from "./Turns.ts"

/** Fails where a path names a mesh that isn't there. */
export const requireMesh = Effect.fnUntraced(function*(mesh: string) {
  const store = yield* Store
  return yield* store.get(meshKey(mesh)).pipe(
    Effect.catchTag("NotFound", () => Effect.fail(notFound("Failed to retrieve Mesh")))
  )
})

const getOrNull = Effect.fnUntraced(function*(type: ResourceType, mesh: string, name: string) {
  const store = yield* Store
  return yield* store.get({ type, mesh, name }).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))
})

const requireUniversal = (query: URLSearchParams) => {
  const format = query.get("format") ?? ""
  return format === "" || format === "universal"
    ? Effect.void
    : Effect.fail(invalid("Could not retrieve a resource", [
        { field: "format", message: "must be universal: this control plane keeps no Kubernetes objects" }
      ]))
}

export const getResource = Effect.fnUntraced(function*(
  request: ApiRequest,
  { descriptor, mesh, name, withInsight }: Extract<Route, { _tag: "Single" }>
) {
  if (descriptor.scope === "Mesh") yield* requireMesh(mesh)
  yield* requireUniversal(request.query)
  const resource = yield* getOrNull(descriptor.type, mesh, name)
  if (resource === null) return yield* notFound("Could not retrieve a resource")
  if (!withInsight || descriptor.insight === null) {
    return {
      status: 200, headers: { etag: etagOf(resource) }, body: (yield* encodeServed)(resource)
    } satisfies ApiResponse
  }
  const insight = yield* getOrNull(descriptor.insight, mesh, name)
  return { status: 200, body: encodeOverview(resource, insight ?? NO_INSIGHT) } satisfies ApiResponse
})

/** As long as a page is where nobody says how long; what is filtered is read whole. */
const LONG_PAGE = 100

const overviewEncoder = Effect.fnUntraced(function*(
  resources: ReadonlyArray<Resource>,
  { insight: type, ...descriptor }: ResourceDescriptor
) {
  if (type === null) return encodeResource
  const store = yield* Store
  const { resources: insights } = yield* store.snapshot(resources.map(({ mesh, name }) => ({ type, mesh, name })))
  const byKey = new Map(insights.map((insight) => [formatKey({ ...insight, type: descriptor.type }), insight]))
  return (resource: Resource) => encodeOverview(resource, byKey.get(formatKey(resource)) ?? null)
})

const chosen = (all: ReadonlyArray<Resource>, filter: Filter) =>
  Effect.map(mapInSlices(all, filter), (isChosen) => all.filter((_, index) => isChosen[index]))

const pageOf = (all: ReadonlyArray<Resource>, { offset, size }: Page) =>
  ({ total: all.length, resources: all.slice(offset, offset + size) })

/** Ordered by mesh, then name. An offset past the end answers an empty page. */
export const listResources = Effect.fnUntraced(function*(
  request: ApiRequest,
  { descriptor, mesh, withInsight }: Extract<Route, { _tag: "Collection" }>
) {
  const page = yield* readPage(request.query)
  const filter = yield* listFilter(request.query)
  if (mesh !== undefined) yield* requireMesh(mesh)
  const store = yield* Store
  const read = Effect.gen(function*() {
    const { resources, total } = filter === null
      ? yield* store.page(descriptor.type, { ...page, ...(mesh === undefined ? {} : { mesh }) })
      : pageOf(yield* chosen(yield* store.list(descriptor.type, mesh), filter), page)
    const encode = withInsight ? yield* overviewEncoder(resources, descriptor) : yield* encodeServed
    return { encode, resources, total }
  })
  const make = Effect.fnUntraced(function*({ encode, resources, total }: Effect.Success<typeof read>) {
    const items = yield* mapInSlices(resources, encode)
    return { status: 200, body: { total, items, next: nextLink(request, page, total) } } satisfies ApiResponse
  })
  return yield* page.size > LONG_PAGE || filter !== null
    ? inReadersTurn(request.caller, read, make)
    : Effect.flatMap(read, make)
})
