/** How meshes, services and everything together are doing: computed when asked, kept nowhere. */
import { Clock, Effect } from "effect"
import { globalInsight, globalInsights } from "../../inspect/globalInsight.ts"
import { byMesh } from "../../inspect/byMesh.ts"
import type { Resources } from "../../inspect/Inspector.ts"
import { insightTimes } from "../../inspect/insightTimes.ts"
import { encodeMeshInsight, meshInsight } from "../../inspect/meshInsight.ts"
import {
  encodeServiceInsight, SERVICE_TYPES, type ServiceInsight, serviceInsights
} from "../../inspect/serviceInsights.ts"
import type { Resource } from "../../../model/Resource.ts"
import { badRequest, notFound, type Refusal } from "../Refusal.ts"
import { json, pageOf, requireMeshResource } from "./answers.ts"
import type { InspectEntry, Question } from "./InspectEntry.ts"

const NOT_FOUND = notFound("Could not retrieve a resource")

const encodeMesh = (resources: Resources) => (mesh: Resource<"Mesh">) =>
  encodeMeshInsight(meshInsight(resources, mesh), insightTimes(resources, mesh))

const now = Effect.map(Clock.currentTimeMillis, (at) => new Date(at).toISOString())

/** `type=internal,external` */
const wantedTypes = (query: URLSearchParams): Effect.Effect<ReadonlyArray<string>, Refusal> => {
  const wanted = (query.get("type") ?? "").toLowerCase().split(",").map((one) => one.trim()).filter((one) => one !== "")
  return wanted.every((one) => SERVICE_TYPES.some((type) => type === one))
    ? Effect.succeed(wanted)
    : Effect.fail(badRequest(`unsupported service type: it must be one of ${SERVICE_TYPES.join(", ")}`))
}

const listServices = (question: Question, meshes: ReadonlyArray<Resource<"Mesh">>) =>
  Effect.gen(function*() {
    const { inspector, request } = question
    const resources = byMesh(inspector.resources)
    const types = yield* wantedTypes(request.query)
    const name = request.query.get("name") ?? ""
    const services = meshes.flatMap((mesh) => {
      const times = insightTimes(resources, mesh)
      return serviceInsights(resources, mesh).map((insight) => ({ insight, times }))
    }).filter(({ insight }) =>
      insight.name.includes(name) && (types.length === 0 || types.includes(insight.serviceType)))
    return yield* pageOf(request, services, ({ insight, times }) => encodeServiceInsight(insight, times))
  })

const find = (services: ReadonlyArray<ServiceInsight>, wanted: string) => services.find(({ name }) => name === wanted)

const QUERY = ["size", "offset"]

export const insightEntries: ReadonlyArray<InspectEntry> = [
  {
    path: "/mesh-insights",
    summary: "How all meshes are doing",
    query: [...QUERY, "name"],
    answer: (question) => {
      const { inspector: { resources }, request } = question
      const name = request.query.get("name") ?? ""
      const meshes = resources.list("Mesh").filter((mesh) => mesh.name.includes(name))
      return pageOf(request, meshes, encodeMesh(byMesh(resources)))
    }
  },
  {
    path: "/mesh-insights/{mesh}",
    summary: "How a mesh is doing",
    answer: (question) =>
      requireMeshResource(question).pipe(
        Effect.mapError(() => NOT_FOUND),
        Effect.map((mesh) => json(encodeMesh(question.inspector.resources)(mesh)))
      )
  },
  {
    path: "/service-insights",
    summary: "How the services of all meshes are doing",
    query: [...QUERY, "name", "type"],
    answer: (question) => listServices(question, question.inspector.resources.list("Mesh"))
  },
  {
    path: "/meshes/{mesh}/service-insights",
    summary: "How the services of a mesh are doing",
    query: [...QUERY, "name", "type"],
    answer: (question) => Effect.flatMap(requireMeshResource(question), (mesh) => listServices(question, [mesh]))
  },
  {
    path: "/meshes/{mesh}/service-insights/{name}",
    summary: "How a service is doing",
    answer: (question) =>
      Effect.flatMap(requireMeshResource(question), (mesh) => {
        const { inspector: { resources }, parameter } = question
        const insight = find(serviceInsights(resources, mesh), parameter("name"))
        return insight === undefined
          ? Effect.fail(NOT_FOUND)
          : Effect.succeed(json(encodeServiceInsight(insight, insightTimes(resources, mesh))))
      })
  },
  {
    path: "/global-insight",
    summary: "How everything together is doing",
    answer: ({ inspector: { resources } }) => Effect.map(now, (at) => json(globalInsight(resources, at)))
  },
  {
    path: "/global-insights",
    summary: "What there is that belongs to no mesh",
    answer: ({ inspector: { resources } }) => Effect.map(now, (at) => json(globalInsights(resources, at)))
  }
]
