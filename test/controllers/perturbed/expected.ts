/** What the store must say of every task once all is quiet: derived from the truth alone, not by the product's code. */
import type { Resource } from "../../../src/model/Resource.ts"
import { appPort } from "./families.ts"
import type { MemoryResources } from "./MemoryResources.ts"
import { mayJoin } from "./mayJoin.ts"
import type { Task, World } from "./World.ts"

const RESOURCE = { dataplane: "Dataplane", ingress: "ZoneIngress", egress: "ZoneEgress" } as const

const serviceOf = (task: Task, world: World): string => {
  const { family, service } = task
  if (family.template !== undefined) return family.template
  const tags = family.role === null ? {} : world.roles.get(family.role)?.now?.tags ?? {}
  return tags["kuma.io/service"] ?? (service ? `${family.name}-svc` : family.name)
}

/** `host port of the sidecar` in bridge mode, 10,000 above the app's otherwise, or as its template says. */
const portOf = ({ family, id, revision }: Task): number => {
  if (family.template !== undefined) return 18_080
  return family.network === "bridge" ? 32_000 + Number(id.split("-")[1]) * 100 : appPort(revision) + 10_000
}

const proxyOf = (task: Task, world: World): string => {
  const { family, id } = task
  const state = task.states.now
  if (family.kind === "none") return ""
  const address = task.address
  const head = `${RESOURCE[family.kind]} ${id} at ${address}`
  if (family.kind !== "dataplane") return head
  const ready = state?.connected === true && (!family.checked || state.health === "HEALTHY")
  return `${head}:${portOf(task)} for ${serviceOf(task, world)}, ${ready ? "Ready" : "NotReady"}`
}

/** A line for each task and each proxy that shall be there. */
export const expected = (world: World): ReadonlyArray<string> =>
  world.wanted.filter(({ family }) => family.kind !== "none").flatMap((task) => {
    const state = task.states.now
    const role = task.family.role === null ? null : world.roles.get(task.family.role)?.now ?? null
    const accepted = mayJoin(task.family, role)
    const roleId = task.family.role === null || task.family.role === "foreign" ? "-" : role?.id ?? "-"
    const head = `EcsTask ${task.id} ${accepted ? "registered" : "refused"} ${state?.lastStatus} v${state?.version} ` +
      `at ${task.address} by ${roleId}`
    return accepted ? [head, proxyOf(task, world)] : [head]
  }).sort()

const shown = (resource: Resource): string => {
  switch (resource.type) {
    case "EcsTask": {
      const { spec } = resource as Resource<"EcsTask">
      return `EcsTask ${resource.name} ${spec.phase} ${spec.lastStatus} v${spec.taskVersion} at ${spec.address} by ` +
        (spec.role?.roleId ?? "-")
    }
    case "Dataplane": {
      const { networking } = (resource as Resource<"Dataplane">).spec
      const [inbound] = networking?.inbound ?? []
      return `Dataplane ${resource.name} at ${networking?.address}:${inbound?.port} for ` +
        `${inbound?.tags?.["kuma.io/service"]}, ${inbound?.state}`
    }
    case "ZoneIngress":
    case "ZoneEgress": {
      const { networking } = (resource as Resource<"ZoneIngress">).spec
      return `${resource.type} ${resource.name} at ${networking?.address}`
    }
    default:
      return ""
  }
}

/** The same lines of what is there. */
export const actual = (resources: MemoryResources): ReadonlyArray<string> =>
  resources.all().map(shown).filter((line) => line !== "").sort()
