/** What two runs of the same history must agree on in the end. */
import type { Resource } from "../../../src/model/Resource.ts"
import type { Scene } from "./Scene.ts"

/** A refused task's proxy may have been connected before, or never, as its role was tagged soon or late. */
const comparableSpec = (resource: Resource, services: ReadonlySet<string>) => {
  if (resource.type === "Dataplane") {
    const { networking } = (resource as Resource<"Dataplane">).spec
    const outbound = networking?.outbound?.filter(({ tags }) => services.has(tags?.["kuma.io/service"] ?? ""))
    return { ...resource.spec, networking: { ...networking, outbound } }
  }
  if (resource.type !== "EcsTask") return resource.spec
  const { conditions, ...spec } = (resource as Resource<"EcsTask">).spec
  const told = spec.phase === "refused" ? conditions.filter(({ type }) => type !== "SidecarConnected") : conditions
  const lasting = told.map(({ message, reason, status, type }) => ({ type, status, reason, message: silent(message) }))
  return { ...spec, conditions: lasting }
}

/** Whether somebody offers a service that isn't there in the end depends on when it was looked at. */
const silent = (message: string): string => message.replace(/; nobody offers .*/, "")

const withoutTimes = (resource: Resource, services: ReadonlySet<string>): string => {
  const { labels, mesh, name, type } = resource
  return JSON.stringify({ type, mesh, name, labels, spec: comparableSpec(resource, services) })
}

const servicesOf = ({ networking }: Resource<"Dataplane">["spec"]): ReadonlyArray<string> =>
  (networking?.inbound ?? []).flatMap(({ tags }) => tags?.["kuma.io/service"] ?? [])

/**
 * Ports are given for good, also to services that were there only while nobody looked: they count, and who calls them
 * counts, for services that are there in the end.
 */
export const comparable = (scene: Scene): ReadonlyArray<string> => {
  const all = scene.resources.all()
  const services = new Set(all.flatMap((resource) =>
    resource.type === "Dataplane" ? servicesOf((resource as Resource<"Dataplane">).spec) : []))
  return all.filter(({ name, type }) => type !== "OutboundPort" || services.has(name))
    .map((resource) => withoutTimes(resource, services)).sort()
}
