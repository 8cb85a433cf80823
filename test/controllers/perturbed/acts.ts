/** What may happen in the world, as data: an act that doesn't fit any more (its task is gone) does nothing. */
import { FAMILIES, ROLES, type Tags } from "./families.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import type { MemoryResources } from "./MemoryResources.ts"
import type { Task, TaskState, World } from "./World.ts"

/** How a task is run: by no service, with the address that was freed last, in cluster two. */
export interface Manner {
  readonly alone: boolean
  readonly reuse: boolean
  readonly two: boolean
}

export type Act =
  | ({ readonly do: "run"; readonly family: string } & Manner)
  | { readonly do: "stop" | "crash" | "redeploy"; readonly nth: number }
  | { readonly do: "health"; readonly nth: number; readonly health: TaskState["health"] }
  | { readonly do: "tag"; readonly role: string; readonly tags: keyof typeof TAGGINGS }
  | { readonly do: "delete role" | "recreate role"; readonly role: string }
  /** Somebody else does it to what the operator wrote. */
  | { readonly do: "meddle"; readonly nth: number; readonly how: Meddling }

export type Meddling = "remove the proxy" | "edit the proxy" | "remove the task" | "edit the task"

export const TAGGINGS = {
  "as at first": (tags: Tags): Tags => tags,
  "no more": (): Tags => ({}),
  "for another type": (tags: Tags): Tags =>
    ({ ...tags, "kuma.io/type": tags["kuma.io/type"] === "egress" ? "ingress" : "egress" }),
  "for another mesh": (tags: Tags): Tags => ({ ...tags, "kuma.io/mesh": "other" }),
  "with an unknown tag": (tags: Tags): Tags => ({ ...tags, "kuma.io/servise": "kv" }),
  "for another service": (tags: Tags): Tags => ({ ...tags, "kuma.io/service": "renamed" })
}

/** Of the tasks that are there, the nth, round about. */
const nthOf = (tasks: ReadonlyArray<Task>, nth: number): Task | undefined => tasks[nth % Math.max(1, tasks.length)]

const PROXIES: ReadonlyArray<string> = ["Dataplane", "ZoneIngress", "ZoneEgress"]

const meddle = (resources: MemoryResources, task: Task, how: Meddling): void => {
  const own = resources.all().filter(({ name }) => name === task.id)
  const found = own.find(({ type }) => how.endsWith("task") ? type === "EcsTask" : PROXIES.includes(type))
  if (found === undefined) return
  if (how.startsWith("remove")) resources.remove(found)
  else resources.put(edited(found))
}

const edited = ({ labels, mesh, name, spec, type }: Resource) =>
  ({ type, mesh, name, spec, labels: { ...labels, edited: "yes", "kuma.io/zone": "elsewhere" } })

export const perform = (act: Act, world: World, resources: MemoryResources): void => {
  switch (act.do) {
    case "run": {
      const family = FAMILIES.find(({ name }) => name === act.family)
      if (family) world.run(family, { service: !act.alone, reuse: act.reuse, cluster: act.two ? "two" : "one" })
      return
    }
    case "tag":
      return world.tag(act.role, TAGGINGS[act.tags](ROLES[act.role] ?? {}))
    case "delete role":
      return world.deleteRole(act.role)
    case "recreate role":
      return world.recreateRole(act.role)
    default: {
      const task = nthOf(world.wanted, act.nth)
      if (task === undefined) return
      if (act.do === "stop") world.stop(task)
      else if (act.do === "crash") world.crash(task)
      else if (act.do === "health") world.health(task, act.health)
      else if (act.do === "meddle") meddle(resources, task, act.how)
      else {
        world.revise(task.family)
        world.run(task.family, { service: task.service, cluster: task.cluster })
        world.stop(task)
      }
    }
  }
}
