/**
 * What AWS says of one task, narrowed to what decisions need: plain data that the journal may keep. Environment
 * variables and commands may hold secrets, so only the few of them that speak of the mesh get this far.
 */
import type { ObservedRole } from "../../model/EcsTask.ts"
import type { ProxyType } from "../../model/ProxyType.ts"
import type { Tags } from "../../model/Tags.ts"

export interface NetworkBinding {
  readonly containerPort: number
  readonly hostPort: number
}

/** A container as it runs. */
export interface RunningContainer {
  readonly name: string
  readonly lastStatus: string
  /** `HEALTHY`, `UNHEALTHY` or `UNKNOWN`; UNKNOWN as well where there is no health check. */
  readonly healthStatus: string
  readonly networkBindings: ReadonlyArray<NetworkBinding>
}

export interface ObservedTask {
  readonly taskArn: string
  readonly clusterArn: string
  readonly taskDefinitionArn: string
  readonly taskRoleArn: string | null
  /** `service:NAME` for a task of a service, otherwise `family:NAME` or what RunTask was given. */
  readonly group: string
  readonly lastStatus: string
  readonly desiredStatus: string
  /** ECS's counter of the task's changes. */
  readonly version: number
  /** Private IPv4 of the task's own network interface; null outside awsvpc and while it isn't attached. */
  readonly address: string | null
  readonly containerInstanceArn: string | null
  readonly availabilityZone: string | null
  readonly tags: Tags
  readonly containers: ReadonlyArray<RunningContainer>
  /** Why it stops or has stopped; absent while nobody stops it, and in journals of before it was read. */
  readonly stopped?: StopReason
}

export interface StopReason {
  /** ISO 8601, UTC; null while it still stops. */
  readonly at: string | null
  /** ECS's word: `UserInitiated`, `EssentialContainerExited`, ...; null where it gives none. */
  readonly code: string | null
  /** ECS's sentence, or that of who stopped it. */
  readonly reason: string | null
}

export interface PortMapping {
  readonly containerPort: number
  readonly name: string | null
  readonly appProtocol: string | null
}

/** What the sidecar's container says of the proxy that it runs. */
export interface SidecarDefinition {
  readonly proxyType: ProxyType
  /** Null where it doesn't say: then its template's mesh, else `default`. */
  readonly mesh: string | null
  /** `KUMA_DATAPLANE_RUNTIME_RESOURCE`: a resource in YAML with `{{ variables }}`. */
  readonly template: string | null
  /** `--dataplane-var k=v`. */
  readonly templateVariables: Readonly<Record<string, string>>
}

export interface ContainerDefinition {
  readonly name: string
  readonly image: string
  readonly hasHealthCheck: boolean
  /** TCP only. */
  readonly portMappings: ReadonlyArray<PortMapping>
  readonly labels: Readonly<Record<string, string>>
  /** Null for the containers of the app. */
  readonly sidecar: SidecarDefinition | null
}

export interface ObservedDefinition {
  readonly arn: string
  readonly family: string
  readonly networkMode: string
  readonly containers: ReadonlyArray<ContainerDefinition>
}

/** What is known of the task's role. */
export type RoleReading =
  /** The task has none. */
  | { readonly status: "none" }
  | { readonly status: "read"; readonly role: ObservedRole }
  /** IAM doesn't answer: what it said last, for a task that was judged by it. */
  | { readonly status: "remembered"; readonly role: ObservedRole; readonly message: string }
  /** IAM doesn't answer, and never did for this task. */
  | { readonly status: "unreadable"; readonly message: string }
  /** IAM has no such role (any more). */
  | { readonly status: "deleted" }
  /** The account isn't one whose roles are read. */
  | { readonly status: "foreign"; readonly reason: string; readonly message: string }

/** One look at a task. `task` null: ECS doesn't know it (any more). */
export interface TaskObservation {
  readonly taskId: string
  readonly task: ObservedTask | null
  readonly definition: ObservedDefinition | null
  readonly role: RoleReading
  /** Address of the container instance, for network modes bridge and host. */
  readonly hostAddress: string | null
  /**
   * Where it was reached when it was looked at before. A task keeps its address for as long as it lives, so one that
   * isn't told for a moment is still true.
   */
  readonly knownAddress: string | null
}

/** Where the task is reached; null while nobody knows. */
export const addressOf = (observation: TaskObservation): string | null =>
  observation.task?.address ?? observation.hostAddress ?? observation.knownAddress

export const sidecarOf = (observation: TaskObservation): ContainerDefinition | undefined =>
  observation.definition?.containers.find((container) => container.sidecar !== null)

/** ECS's life cycle: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html */
const ENDED = ["DEPROVISIONING", "STOPPED", "DELETED"]
const ENDING = ["DEACTIVATING", "STOPPING"]

/** Its containers have ended, and its address is given back. */
export const hasEnded = (lastStatus: string): boolean => ENDED.includes(lastStatus)

export const isGone = ({ task }: TaskObservation): boolean => task === null || hasEnded(task.lastStatus)

export const isStopping = ({ task }: TaskObservation): boolean =>
  task !== null && (task.desiredStatus === "STOPPED" || ENDING.includes(task.lastStatus))
