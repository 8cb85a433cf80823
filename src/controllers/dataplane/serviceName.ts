/** What a task is called in the mesh, and what each of its ports is called. Pure. */
import { SERVICE_TAG, type Tags } from "../../model/Tags.ts"
import type { ObservedDefinition, ObservedTask, PortMapping } from "../lifecycle/TaskObservation.ts"

const SERVICE_GROUP = "service:"

/** The role's tag, else the task's, else the ECS service's name, else the definition's family. */
export const serviceName = (task: ObservedTask, definition: ObservedDefinition, roleTags: Tags): string => {
  const named = roleTags[SERVICE_TAG] || task.tags[SERVICE_TAG]
  if (named) return named
  return task.group.startsWith(SERVICE_GROUP) ? task.group.slice(SERVICE_GROUP.length) : definition.family
}

/** The first port carries the plain name; the others their own name, or number, behind it. */
export const portServiceName = (service: string, mapping: PortMapping, index: number): string =>
  index === 0 ? service : `${service}-${mapping.name ?? mapping.containerPort}`
