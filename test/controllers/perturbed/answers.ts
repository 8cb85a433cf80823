/** The world as AWS's calls show it, at one instant. Pure. */
import type { Task as EcsTask } from "@aws-sdk/client-ecs"
import type { Role as IamRole } from "@aws-sdk/client-iam"
import {
  ACCOUNT,
  appPort,
  clusterArn,
  CLUSTERS,
  definitionArn,
  FAMILIES,
  lastPart,
  REGION,
  roleArn,
  taskArn,
  taskDefinition
} from "./families.ts"
import type { Task, TaskState, World } from "./World.ts"

/** What the SDK throws. */
export const awsError = (name: string, httpStatusCode = 400): Error =>
  Object.assign(new Error(`${name} for the test`), { name, $metadata: { httpStatusCode } })

const INSTANCE = `arn:aws:ecs:${REGION}:${ACCOUNT}:container-instance`

const hostPort = (task: Task, containerPort: number): number =>
  32_000 + Number(task.id.split("-")[1]) * 100 + containerPort % 100

const containers = (task: Task, { health, lastStatus }: TaskState): EcsTask["containers"] => {
  const status = lastStatus === "RUNNING" ? "RUNNING" : lastStatus === "STOPPED" ? "STOPPED" : "PENDING"
  const bindings = (containerPort: number) =>
    task.family.network === "bridge" && lastStatus === "RUNNING"
      ? { networkBindings: [{ containerPort, hostPort: hostPort(task, containerPort), protocol: "tcp" as const }] }
      : {}
  const app = {
    name: "app",
    lastStatus: status,
    healthStatus: task.family.checked ? health : "UNKNOWN" as const,
    ...bindings(appPort(task.revision))
  }
  const sidecar = { name: "sidecar", lastStatus: status, healthStatus: "UNKNOWN" as const, ...bindings(15_000) }
  return task.family.kind === "none" ? [app] : [app, sidecar]
}

const describe = (task: Task, state: TaskState, withTags: boolean): EcsTask => ({
  taskArn: taskArn(task.cluster, task.id),
  clusterArn: clusterArn(task.cluster),
  taskDefinitionArn: definitionArn(task.family.name, task.revision),
  group: task.service ? `service:${task.family.name}-svc` : `family:${task.family.name}`,
  lastStatus: state.lastStatus,
  desiredStatus: state.desiredStatus,
  version: state.version,
  availabilityZone: "us-east-1a",
  ...(task.family.network === "awsvpc"
    ? {
      attachments: [{
        type: "ElasticNetworkInterface",
        details: state.address === null ? [] : [{ name: "privateIPv4Address", value: state.address }]
      }]
    }
    : { containerInstanceArn: `${INSTANCE}/${task.cluster}/${task.address}` }),
  containers: containers(task, state),
  ...(withTags ? { tags: [{ key: "team", value: "red" }] } : {})
})

/** An instance is called by its address here. */
export const describeContainerInstances = (arns: ReadonlyArray<string>) => ({
  containerInstances: arns.map((containerInstanceArn) => ({
    containerInstanceArn,
    attributes: [{ name: "ecs-mesh.io/address", value: lastPart(containerInstanceArn) }]
  }))
})

/** Tasks as they were at `time`; the others are MISSING. */
export const describeTasks = (
  world: World,
  time: number,
  cluster: string,
  ids: ReadonlyArray<string>,
  withTags: boolean
) => {
  const tasks: Array<EcsTask> = []
  const failures: Array<{ readonly arn: string; readonly reason: string }> = []
  for (const id of ids) {
    const task = world.find(id)
    const state = task?.cluster === cluster ? task.states.at(time) : undefined
    if (task && state) tasks.push(describe(task, state, withTags))
    else failures.push({ arn: taskArn(cluster, id), reason: "MISSING" })
  }
  return { tasks, failures }
}

/** "By default ... tasks that have a desired status of RUNNING": API_ListTasks. */
export const listTasks = (world: World, time: number, cluster: string): ReadonlyArray<string> =>
  world.tasks
    .filter((task) => task.cluster === cluster && task.states.at(time)?.desiredStatus === "RUNNING")
    .map(({ id }) => taskArn(cluster, id))

export const describeClusters = (withoutTwo: boolean) => ({
  clusters: CLUSTERS.filter((name) => !withoutTwo || name !== "two")
    .map((clusterName) => ({ clusterName, clusterArn: clusterArn(clusterName) }))
})

export const describeTaskDefinition = (arn: string) => {
  const [name = "", revision = ""] = arn.slice(arn.lastIndexOf("/") + 1).split(":")
  const family = FAMILIES.find((one) => one.name === name)
  if (family === undefined) throw awsError("ClientException")
  return { taskDefinition: taskDefinition(family, Number(revision)) }
}

export const getRole = (world: World, time: number, name: string): { readonly Role: Partial<IamRole> } => {
  const role = world.roles.get(name)?.at(time)
  if (!role) throw awsError("NoSuchEntityException", 404)
  return {
    Role: {
      Arn: roleArn(name),
      RoleName: name,
      RoleId: role.id,
      Tags: Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value }))
    }
  }
}
