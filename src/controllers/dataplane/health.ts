/**
 * Whether a task's inbounds may get traffic. Its containers must run (and be healthy, where they have a health check),
 * and its proxy must have taken its listeners. A task that stops gets none, whatever its containers say. Pure.
 */
import type { Inbound } from "../../model/Dataplane.ts"
import type { Connection } from "../lifecycle/ProxyObservation.ts"
import type { ContainerDefinition, TaskObservation } from "../lifecycle/TaskObservation.ts"

/** A container that the definition has and the task doesn't show isn't healthy. */
const isHealthy = (look: TaskObservation, definition: ContainerDefinition): boolean => {
  const container = look.task?.containers.find(({ name }) => name === definition.name)
  if (container?.lastStatus !== "RUNNING") return false
  return definition.hasHealthCheck ? container.healthStatus === "HEALTHY" : container.healthStatus !== "UNHEALTHY"
}

/**
 * Whether every container runs: a task that shall stop answers until the first of them has ended. One that stops
 * because it is ill doesn't.
 */
export const isAnswering = ({ task }: TaskObservation): boolean =>
  task !== null && task.containers.length > 0 &&
  task.containers.every(({ healthStatus, lastStatus }) => lastStatus === "RUNNING" && healthStatus !== "UNHEALTHY")

/** The first container that keeps the task from being ready, with what it is; null where all are well. */
const unwell = (look: TaskObservation): string | null => {
  const definition = look.definition?.containers.find((one) => !isHealthy(look, one))
  if (definition === undefined) return null
  const container = look.task?.containers.find(({ name }) => name === definition.name)
  const state = container?.lastStatus === "RUNNING" ? container.healthStatus : container?.lastStatus ?? "missing"
  return `container ${definition.name} is ${state}`
}

/** Why a task's inbounds may get traffic or may not, in words. */
export const readiness = (look: TaskObservation, connection: Connection): string => {
  if (look.task?.desiredStatus !== "RUNNING") return "its task stops"
  if (!connection.acknowledged) return "its proxy hasn't taken its listeners yet"
  const ill = unwell(look)
  return ill ?? "its containers are healthy"
}

export const isReady = (look: TaskObservation, connection: Connection, container: string | null): boolean => {
  if (look.task?.desiredStatus !== "RUNNING" || !connection.acknowledged) return false
  return (look.definition?.containers ?? [])
    .filter(({ name, sidecar }) => sidecar !== null || container === null || name === container)
    .every((definition) => isHealthy(look, definition))
}

/** Whether health may change without an event: ECS sends none for it. */
export const hasHealthChecks = (look: TaskObservation): boolean =>
  look.definition?.containers.some((container) => container.hasHealthCheck) ?? false

export const withReadiness = (inbound: Inbound, ready: boolean): Inbound =>
  inbound.state === "Ignored" ? inbound : { ...inbound, health: { ready }, state: ready ? "Ready" : "NotReady" }
