/** Why a task is none of ours, or null where it may be. Pure. */
import { sidecarOf, type TaskObservation } from "./TaskObservation.ts"

/** Asked of a task that wasn't decided upon before: one that was is looked after to its end. */
export const whyIgnored = (look: TaskObservation): string | null => {
  if (look.task === null) return "ECS doesn't know the task"
  if (look.definition === null) return "the task has ended"
  return sidecarOf(look) === undefined ? "no container of the task is a sidecar of the mesh" : null
}
