/**
 * What an event says that has no way back: ECS wants the task stopped. That much is acted on before ECS is asked, so
 * that nobody is sent to a task for as long as the answer takes; all else, its end too, is read. An event that comes
 * late or twice says nothing new: its version tells. Which version ECS shows is ECS's alone to say: an event that counts
 * too far must not make all of its answers look late. Pure.
 */
import type { Resource } from "../../model/Resource.ts"
import type { TaskStateChange } from "../event/TaskStateChange.ts"
import { hasEnded, type TaskObservation } from "./TaskObservation.ts"

/** The part of a task's event that speaks of its stop. */
export type SaidStop = Pick<
  TaskStateChange["detail"],
  "lastStatus" | "desiredStatus" | "version" | "stopCode" | "stoppedReason"
>

/** Null where the event says no such thing. */
export const stopSaid = ({ detail }: TaskStateChange): SaidStop | null =>
  detail.desiredStatus === "STOPPED" && !hasEnded(detail.lastStatus) ? detail : null

/**
 * The task as it was seen last, with its stop; null where that was known, or is of before what is known.
 * `previous`: what was decided last.
 */
export const lookWithStop = (
  last: TaskObservation,
  { desiredStatus, lastStatus, stopCode, stoppedReason, version }: SaidStop,
  previous: Resource<"EcsTask"> | null
): TaskObservation | null => {
  if (last.task === null || previous === null) return null
  if (previous.spec.desiredStatus !== "RUNNING" || version <= previous.spec.taskVersion) return null
  const stopped = { at: null, code: stopCode ?? null, reason: stoppedReason ?? null }
  return { ...last, task: { ...last.task, desiredStatus, lastStatus, version: previous.spec.taskVersion, stopped } }
}
