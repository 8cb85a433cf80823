/** A decision as the EcsTask that users and the authentication read. Pure. */
import type { EcsTask, TaskPhase } from "../../model/EcsTask.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { ZONE_TAG } from "../../model/Tags.ts"
import type { Decision } from "./decide.ts"
import type { ProxyObservation, ProxyResourceType } from "./ProxyObservation.ts"
import { addressOf, type ObservedTask } from "./TaskObservation.ts"

/** Phases in which the task may be its proxy. */
const MAY_BE: ReadonlyArray<TaskPhase> = ["valid", "registered", "draining"]

const roleOf = ({ look }: ProxyObservation): EcsTask["role"] =>
  look.role.status === "read" || look.role.status === "remembered" ? look.role.role : null

export const ecsTask = <T extends ProxyResourceType>(
  observation: ProxyObservation<T>,
  task: ObservedTask,
  { phase, claim, conditions }: Decision<T>,
  zone: string
): DesiredResource<"EcsTask"> => {
  const { look, previous } = observation
  const proxy = { proxyType: claim.proxyType, mesh: claim.mesh, name: look.taskId }
  return {
    type: "EcsTask",
    mesh: "",
    name: look.taskId,
    labels: { [ZONE_TAG]: zone },
    spec: {
      taskArn: task.taskArn,
      clusterArn: task.clusterArn,
      taskDefinitionArn: task.taskDefinitionArn,
      taskRoleArn: task.taskRoleArn,
      role: phase === "draining" ? roleOf(observation) ?? previous?.spec.role ?? null : roleOf(observation),
      lastStatus: task.lastStatus,
      desiredStatus: task.desiredStatus,
      taskVersion: task.version,
      address: addressOf(look),
      phase,
      proxy: phase === "draining" ? previous?.spec.proxy ?? null : MAY_BE.includes(phase) ? proxy : null,
      conditions
    }
  }
}
