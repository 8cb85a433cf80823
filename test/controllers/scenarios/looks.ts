/** Looks at tasks to decide upon, each as a change of a whole recorded one. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { dataplaneKind } from "../../../src/controllers/dataplane/desired.ts"
import type { DataplaneObservation } from "../../../src/controllers/dataplane/observe.ts"
import { conclude } from "../../../src/controllers/lifecycle/conclude.ts"
import type { Decision } from "../../../src/controllers/lifecycle/decide.ts"
import type {
  ObservedDefinition,
  ObservedTask,
  RunningContainer,
  TaskObservation
} from "../../../src/controllers/lifecycle/TaskObservation.ts"
import type { DesiredResource, Resource } from "../../../src/model/Resource.ts"

const folder = join(import.meta.dirname, "..", "..", "golden", "controllers", "observations")

/** A look that was recorded, by its name. */
export const recorded = (name = "fargate-one-port"): DataplaneObservation =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))

export const taskOf = ({ task }: TaskObservation): ObservedTask => {
  if (task === null) throw new Error("no task")
  return task
}

export const definitionOf = ({ definition }: TaskObservation): ObservedDefinition => {
  if (definition === null) throw new Error("no definition")
  return definition
}

/** The same look at a task that differs so. */
export const withTask = (look: TaskObservation, change: Partial<ObservedTask>): TaskObservation =>
  ({ ...look, task: { ...taskOf(look), ...change } })

export const withContainers = (look: TaskObservation, change: Partial<RunningContainer>): TaskObservation =>
  withTask(look, { containers: taskOf(look).containers.map((container) => ({ ...container, ...change })) })

/** The same look where every container has a health check that says so. */
export const withHealth = (look: TaskObservation, healthStatus: string): TaskObservation => {
  const definition = definitionOf(look)
  const containers = definition.containers.map((container) => ({ ...container, hasHealthCheck: true }))
  return { ...withContainers(look, { healthStatus }), definition: { ...definition, containers } }
}

export const kind = dataplaneKind({ zone: "zone-1", copyTags: [], outboundAddress: "loopback" })

/** What is decided once the resource is stored, as reconciling does. */
export const judge = (observation: DataplaneObservation): Decision<"Dataplane"> =>
  conclude(kind, observation, 0).decision

const asStored = <T extends "Dataplane" | "EcsTask">(desired: DesiredResource<T>): Resource<T> =>
  ({ ...desired, version: 1, creationTime: "2024-03-05T12:00:00Z", modificationTime: "2024-03-05T12:00:00Z" })

/** The next look, after what was decided of this one was stored. */
export const after = (observation: DataplaneObservation, look: TaskObservation): DataplaneObservation => {
  const { decision, told } = conclude(kind, observation, 0)
  return {
    ...observation,
    look,
    previous: told === null ? null : asStored(told),
    stored: decision.desired === null ? null : asStored(decision.desired)
  }
}

/** The state of the first inbound that would be stored; undefined where nothing would be. */
export const stateOf = ({ desired }: Decision<"Dataplane">): string | undefined =>
  desired?.spec.networking?.inbound?.[0]?.state
