/** The SDK's Task and TaskDefinition -> what decisions need of them. Pure. */
import type { Container, ContainerOverride, Task, TaskDefinition } from "@aws-sdk/client-ecs"
import type { Tags } from "../../model/Tags.ts"
import type { ObservedDefinition, ObservedTask, RunningContainer, StopReason } from "../lifecycle/TaskObservation.ts"
import { readContainerDefinitions } from "./readContainerDefinitions.ts"

const attachmentAddress = (task: Task): string | undefined =>
  task.attachments
    ?.find((attachment) => attachment.type === "ElasticNetworkInterface")
    ?.details?.find((detail) => detail.name === "privateIPv4Address")?.value

const interfaceAddress = (task: Task): string | undefined =>
  task.containers?.flatMap((container) => container.networkInterfaces ?? [])
    .find((networkInterface) => networkInterface.privateIpv4Address !== undefined)?.privateIpv4Address

const readContainer = (container: Container): RunningContainer => ({
  name: container.name ?? "",
  lastStatus: container.lastStatus ?? "UNKNOWN",
  healthStatus: container.healthStatus ?? "UNKNOWN",
  networkBindings: (container.networkBindings ?? []).flatMap(({ containerPort, hostPort, protocol = "tcp" }) =>
    containerPort === undefined || hostPort === undefined || protocol !== "tcp" ? [] : [{ containerPort, hostPort }]
  )
})

export const readTags = (
  tags: ReadonlyArray<{ readonly key?: string | undefined; readonly value?: string | undefined }> = []
): Tags => Object.fromEntries(tags.flatMap(({ key, value }) => (key === undefined ? [] : [[key, value ?? ""]])))

const readStop = ({ stopCode, stoppedAt, stoppedReason }: Task): StopReason | null =>
  stopCode === undefined && stoppedAt === undefined && stoppedReason === undefined
    ? null
    : { at: stoppedAt?.toISOString() ?? null, code: stopCode ?? null, reason: stoppedReason ?? null }

const stopOf = (task: Task): Pick<ObservedTask, "stopped"> => {
  const stopped = readStop(task)
  return stopped === null ? {} : { stopped }
}

export const readTask = (task: Task, taskRoleArn: string | undefined): ObservedTask => ({
  taskArn: task.taskArn ?? "",
  clusterArn: task.clusterArn ?? "",
  taskDefinitionArn: task.taskDefinitionArn ?? "",
  taskRoleArn: task.overrides?.taskRoleArn ?? taskRoleArn ?? null,
  group: task.group ?? "",
  lastStatus: task.lastStatus ?? "UNKNOWN",
  desiredStatus: task.desiredStatus ?? "RUNNING",
  version: task.version ?? 0,
  address: attachmentAddress(task) ?? interfaceAddress(task) ?? null,
  containerInstanceArn: task.containerInstanceArn ?? null,
  availabilityZone: task.availabilityZone ?? null,
  tags: readTags(task.tags),
  containers: (task.containers ?? []).map(readContainer),
  ...stopOf(task)
})

const readWith = (
  definition: TaskDefinition,
  overrides: ReadonlyArray<ContainerOverride>
): ObservedDefinition => ({
  arn: definition.taskDefinitionArn ?? "",
  family: definition.family ?? "",
  // ECS's default where the definition says nothing:
  // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
  networkMode: definition.networkMode ?? "bridge",
  containers: readContainerDefinitions(definition.containerDefinitions ?? [], overrides)
})

/** What each definition says for tasks that nobody gave anything else, which nearly all are. */
const asDefined = new WeakMap<TaskDefinition, ObservedDefinition>()

/** ECS names the containers of every task here, also where nothing of them is overridden. */
const overridesNothing = ({ command, environment }: ContainerOverride): boolean =>
  command === undefined && environment === undefined

/**
 * `task` because RunTask may have overridden the environment and command of its containers. Tasks of one definition
 * share what was read.
 */
export const readDefinition = (definition: TaskDefinition, task: Task): ObservedDefinition => {
  const overrides = task.overrides?.containerOverrides ?? []
  if (!overrides.every(overridesNothing)) return readWith(definition, overrides)
  const known = asDefined.get(definition) ?? readWith(definition, [])
  asDefined.set(definition, known)
  return known
}
