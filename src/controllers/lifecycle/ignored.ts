/** Why a task is none of ours, or null where it may be. Pure. */
import { sidecarOf, type TaskObservation } from "./TaskObservation.ts"

export interface IgnoringSettings {
  /** No role says what a dataplane is: its token does, and its own resource. */
  readonly dataplanesBringOwn: boolean
}

/** Where roles say it, and of journals and events of which nobody knows. */
export const byRoles: IgnoringSettings = { dataplanesBringOwn: false }

/** Asked of a task that wasn't decided upon before: one that was is looked after to its end. */
export const whyIgnored = (look: TaskObservation, { dataplanesBringOwn }: IgnoringSettings): string | null => {
  if (look.task === null) return "ECS doesn't know the task"
  if (look.definition === null) return "the task has ended"
  const container = sidecarOf(look)
  if (container === undefined) return "no container of the task is a sidecar of the mesh"
  return dataplanesBringOwn && container.sidecar?.proxyType === "dataplane"
    ? "dataplanes join by tokens here, and its sidecar brings along what it is"
    : null
}
