/** What is asked of one service beside itself: its hostnames, and the proxies that stand for it. */
import { Effect, Option } from "effect"
import { formatKri } from "../../model/formatKri.ts"
import { isType, type Resource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import { ZONE_TAG } from "../../model/Tags.ts"
import { StatusReader } from "../services/StatusReader.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { asService } from "./encodeServed.ts"
import { requireMesh } from "./getResources.ts"
import { nextLink, readPage } from "./readPage.ts"
import { notFound } from "./Refusal.ts"
import type { Route } from "./Route.ts"

const metaOf = (resource: Resource) => {
  const kri = formatKri(resource)
  return {
    type: resource.type,
    mesh: resource.mesh,
    name: resource.name,
    labels: resource.labels,
    ...(kri === null ? {} : { kri })
  }
}

/** `items` is null where there are none, as Kuma has it. */
const hostnamesOf = (hostnames: ReadonlyArray<string>, zone: string) => ({
  items: hostnames.length === 0 ? null : hostnames.map((hostname) => ({ hostname, zones: [{ name: zone }] })),
  total: hostnames.length
})

export const inspectService = Effect.fnUntraced(function*(
  request: ApiRequest,
  { descriptor, mesh, name, part }: Extract<Route, { _tag: "ServicePart" }>,
  zone: string
) {
  yield* requireMesh(mesh)
  const store = yield* Store
  const resource: Resource = yield* store.get({ type: descriptor.type, mesh, name }).pipe(
    Effect.catchTag("NotFound", () =>
      Effect.fail(notFound(part === "hostnames" ? "could not retrieve service" : "Could not retrieve policy")))
  )
  const reader = yield* Effect.serviceOption(StatusReader)
  const statuses = Option.isSome(reader) ? reader.value.read() : null
  const service = asService(resource)
  if (part === "hostnames") {
    const addresses = service === null ? [] : statuses?.hostnames(service.kind, service.service).addresses ?? []
    const hostnames = [...new Set(addresses.map(({ hostname }) => hostname))].sort()
    return { status: 200, body: hostnamesOf(hostnames, resource.labels[ZONE_TAG] || zone) } satisfies ApiResponse
  }
  const page = yield* readPage(request.query)
  const wanted = request.query.get("name") ?? ""
  const all = isType("MeshService", resource) ? statuses?.dataplanes(resource) ?? [] : []
  const chosen = all.filter((one) => one.name.includes(wanted))
  return {
    status: 200,
    body: {
      total: chosen.length,
      items: chosen.slice(page.offset, page.offset + page.size).map(metaOf),
      next: nextLink(request, page, chosen.length)
    }
  } satisfies ApiResponse
})
