/**
 * All that follows from one look at a task: what a reconcile makes true, and what a replay compares. Receives an
 * observation and the time, asks nobody. Pure.
 */
import { Predicate } from "effect"
import type { TaskPhase } from "../../model/EcsTask.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { decide, type Decision, type ProxyKind, startOf } from "./decide.ts"
import { ecsTask } from "./ecsTask.ts"
import type { ProxyObservation, ProxyResourceType } from "./ProxyObservation.ts"
import type { ObservedTask } from "./TaskObservation.ts"

export interface Conclusion<T extends ProxyResourceType> {
  readonly decision: Decision<T>
  /** What the store shall say of the task; null: nothing. */
  readonly told: DesiredResource<"EcsTask"> | null
  /** For people, one line. */
  readonly why: string
}

/** The statement that a phase comes from. */
const TELLING: Partial<Record<TaskPhase, string>> = {
  pending: "Identified", identified: "Accepted", refused: "Accepted", valid: "Registered"
}

const stopText = ({ stopped }: ObservedTask): string => {
  const said = [stopped?.code, stopped?.reason].filter(Predicate.isString)
  return said.length === 0 ? "" : ` (${said.join(": ")})`
}

/**
 * Of a task that goes, what ECS says. Of one that is registered anew, why it may be; of one that stays so, the first
 * statement that isn't true, or the last that is.
 */
const whyOf = (
  { look: { task }, previous }: ProxyObservation,
  { conditions, phase }: Decision<ProxyResourceType>
): string => {
  if (task === null) return "TaskMissing: ECS doesn't know the task any more"
  if (phase === "gone" || phase === "draining") {
    const reason = phase === "gone" ? "TaskStopped" : "TaskStopping"
    return `${reason}: ECS says ${task.lastStatus}, desired ${task.desiredStatus}${stopText(task)}`
  }
  const anew = phase === "registered" && previous?.spec.phase !== "registered" ? "Accepted" : TELLING[phase]
  const telling = conditions.find(({ type }) => type === anew) ??
    conditions.find(({ status }) => status !== "True") ?? conditions.at(-1)
  return telling === undefined ? "" : `${telling.reason}: ${telling.message}`
}

const inboundStates = (resource: unknown): ReadonlyArray<unknown> => {
  const networking = at(at(resource, "spec"), "networking")
  const inbound = at(networking, "inbound")
  return Array.isArray(inbound) ? inbound.map((one) => at(one, "state")) : []
}

const at = (value: unknown, name: string): unknown =>
  Predicate.hasProperty(value, name) ? value[name] : undefined

const readyWord = (desired: unknown): string => {
  const ready = inboundStates(desired).map((state) => state === "Ready")
  return ready.every((one) => one) ? "Ready" : ready.some((one) => one) ? "PartlyReady" : "NotReady"
}

/** Whether one that stays registered gets traffic now and got none before, or the other way round. */
const turns = (
  { previous, stored }: ProxyObservation,
  { desired, phase }: Decision<ProxyResourceType>
): boolean => {
  const [before, after] = [inboundStates(stored), inboundStates(desired)]
  return phase === "registered" && previous?.spec.phase === "registered" &&
    after.some((state, index) => before[index] !== undefined && state !== before[index])
}

/** `now`: Unix milliseconds. */
export const conclude = <T extends ProxyResourceType, O extends ProxyObservation<T>>(
  kind: ProxyKind<T, O>,
  observation: O,
  now: number
): Conclusion<T> => {
  const first = decide(kind, startOf(kind, observation), { type: "OBSERVED", observation }, now)
  // What it asks for is about to be stored.
  const decision = first.phase === "valid" && first.desired !== null
    ? decide(kind, first.snapshot, { type: "STORED", observation }, now)
    : first
  const { task } = observation.look
  return {
    decision,
    told: decision.phase === "gone" || task === null ? null : ecsTask(observation, task, decision, kind.settings.zone),
    why: turns(observation, decision) && kind.readiness !== undefined
      ? `${readyWord(decision.desired)}: ${kind.readiness(observation)}`
      : whyOf(observation, decision)
  }
}

/** A conclusion as the journal keeps it: every field can be compared with what another run concludes. */
export const recordOf = <T extends ProxyResourceType>(
  { previous }: ProxyObservation<T>,
  { decision, told, why }: Conclusion<T>,
  now: number
) => ({
  now,
  from: previous?.spec.phase ?? null,
  to: decision.phase,
  why,
  desired: decision.desired,
  task: told,
  conditions: decision.conditions,
  wakeAt: decision.wakeAt,
  retry: decision.retry,
  terminal: decision.terminal
})
