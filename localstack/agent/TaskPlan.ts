import type { ContainerDefinition, HealthCheck, Task, TaskDefinition } from "@aws-sdk/client-ecs"

/** What the agent needs to know of one container to run it. */
export interface ContainerPlan {
  readonly name: string
  readonly image: string
  readonly containerArn: string
  /** entryPoint, then command: the local executable and its arguments. */
  readonly commandLine: ReadonlyArray<string>
  readonly environment: Readonly<Record<string, string>>
  readonly essential: boolean
  readonly dependsOn: ReadonlyArray<{ readonly containerName: string; readonly condition: string }>
  readonly healthCheck: HealthCheck | undefined
  readonly stopTimeoutSeconds: number
  readonly dockerLabels: Readonly<Record<string, string>>
}

/** A task as it is to be run: read once, when the agent takes it. */
export interface TaskPlan {
  readonly taskArn: string
  readonly taskId: string
  readonly clusterArn: string
  readonly family: string
  readonly revision: number
  readonly serviceName: string | undefined
  readonly taskRoleArn: string | undefined
  readonly availabilityZone: string
  readonly launchType: string
  /** The task's own loopback address; 127.0.0.1 for a task without a network interface of its own. */
  readonly address: string
  readonly containers: ReadonlyArray<ContainerPlan>
}

/** The longest that Fargate waits between SIGTERM and SIGKILL is 120 s; it is 30 s unless the definition says. */
const defaultStopTimeoutSeconds = 30

export const taskIdOf = (taskArn: string): string => taskArn.slice(taskArn.lastIndexOf("/") + 1)

const addressOf = (task: Task): string | undefined => {
  const attachment = task.attachments?.find(({ type }) => type === "ElasticNetworkInterface")
  return attachment?.details?.find(({ name }) => name === "privateIPv4Address")?.value
}

const environmentOf = (definition: ContainerDefinition, task: Task): Record<string, string> => {
  const override = task.overrides?.containerOverrides?.find(({ name }) => name === definition.name)
  const pairs = [...(definition.environment ?? []), ...(override?.environment ?? [])]
  return Object.fromEntries(pairs.flatMap(({ name, value }) => name === undefined ? [] : [[name, value ?? ""]]))
}

const containerPlan = (definition: ContainerDefinition, task: Task): ContainerPlan => {
  const override = task.overrides?.containerOverrides?.find(({ name }) => name === definition.name)
  const name = definition.name ?? ""
  return {
    name,
    image: definition.image ?? "",
    containerArn: task.containers?.find((container) => container.name === name)?.containerArn ?? "",
    commandLine: [...(definition.entryPoint ?? []), ...(override?.command ?? definition.command ?? [])],
    environment: environmentOf(definition, task),
    essential: definition.essential ?? true,
    dependsOn: (definition.dependsOn ?? []).map(({ containerName, condition }) => ({
      containerName: containerName ?? "",
      condition: condition ?? "START"
    })),
    healthCheck: definition.healthCheck,
    stopTimeoutSeconds: definition.stopTimeout ?? defaultStopTimeoutSeconds,
    dockerLabels: definition.dockerLabels ?? {}
  }
}

/** The plan of a task that ECS has placed; undefined while its network interface is missing. */
export const taskPlan = (task: Task, definition: TaskDefinition): TaskPlan | undefined => {
  const address = addressOf(task)
  if (task.taskArn === undefined || (definition.networkMode === "awsvpc" && address === undefined)) return undefined
  return {
    taskArn: task.taskArn,
    taskId: taskIdOf(task.taskArn),
    clusterArn: task.clusterArn ?? "",
    family: definition.family ?? "",
    revision: definition.revision ?? 0,
    serviceName: task.group?.startsWith("service:") === true ? task.group.slice("service:".length) : undefined,
    taskRoleArn: task.overrides?.taskRoleArn ?? definition.taskRoleArn,
    availabilityZone: task.availabilityZone ?? "",
    launchType: task.launchType ?? "FARGATE",
    address: address ?? "127.0.0.1",
    containers: (definition.containerDefinitions ?? []).map((container) => containerPlan(container, task))
  }
}
