/** What two runs of the same history must agree on in the end. */
import type { Resource } from "../../../src/model/Resource.ts"
import type { Scene } from "./Scene.ts"

/** A refused task's proxy may have been connected before, or never, as its role was tagged soon or late. */
const comparableSpec = (resource: Resource) => {
  if (resource.type !== "EcsTask") return resource.spec
  const { conditions, ...spec } = (resource as Resource<"EcsTask">).spec
  const told = spec.phase === "refused" ? conditions.filter(({ type }) => type !== "SidecarConnected") : conditions
  return { ...spec, conditions: told.map(({ lastTransitionTime: _, ...condition }) => condition) }
}

const withoutTimes = (resource: Resource): string => {
  const { labels, mesh, name, type } = resource
  return JSON.stringify({ type, mesh, name, labels, spec: comparableSpec(resource) })
}

/** Ports are given for good, also to services that were there only while nobody looked. */
export const comparable = (scene: Scene): ReadonlyArray<string> => {
  const all = scene.resources.all()
  const services = new Set(all.flatMap((resource) =>
    resource.type === "Dataplane"
      ? (resource as Resource<"Dataplane">).spec.networking?.inbound?.map(({ tags }) => tags?.["kuma.io/service"]) ?? []
      : []))
  return all.filter(({ name, type }) => type !== "OutboundPort" || services.has(name)).map(withoutTimes).sort()
}
