import {
  type ContainerDefinition,
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  SubmitTaskStateChangeCommand
} from "@aws-sdk/client-ecs"
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  IAMClient,
  TagRoleCommand,
  UntagRoleCommand
} from "@aws-sdk/client-iam"
import { fargateDefinition } from "../../localstack/demo/taskDefinitions.ts"
import { networkConfiguration } from "../../localstack/demo/Demo.ts"
import { taskIdOf } from "../../localstack/agent/TaskPlan.ts"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import type { ProxyType } from "../../src/model/ProxyType.ts"

type Tags = Readonly<Record<string, string>>

export interface MeshTask {
  readonly taskId: string
  readonly taskArn: string
  /** The name of its role, which is its own. */
  readonly role: string
}

export interface MeshTaskOptions {
  /** The family, the role's name and by default the service's. */
  readonly name: string
  readonly tags: Tags
  /** ECS's own tags of the task. */
  readonly taskTags?: Tags
  readonly proxyType?: ProxyType
  /** Its app doesn't go when it is told to, so its sidecar, which is told after it, stays as well; default false. */
  readonly stays?: boolean
  /** What runs in place of the sidecar, where it isn't to be the real one. */
  readonly inPlaceOfSidecar?: ReadonlyArray<string>
  readonly sidecarEnvironment?: Readonly<Record<string, string>>
}

const trustOfTasks = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" }]
})

const LEAVING = ["/bin/sleep", "600"]
const STAYING = ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"]

export const dataplaneTags = (service: string): Tags => ({
  "kuma.io/type": "dataplane",
  "kuma.io/mesh": "default",
  "kuma.io/service": service
})

/** Tasks beside those of a world's demo, each with a role of its own and, unless said otherwise, a real sidecar. */
export class MeshTasks {
  readonly #cluster: string
  readonly #ecs: ECSClient
  readonly #iam: IAMClient

  constructor({ demo, emulator: { credentials, endpoint, region } }: DemoWorld) {
    this.#cluster = demo.cluster
    this.#ecs = new ECSClient({ endpoint, region, credentials })
    this.#iam = new IAMClient({ endpoint, region, credentials })
  }

  async run(options: MeshTaskOptions, count = 1): Promise<ReadonlyArray<MeshTask>> {
    const { name } = options
    const roleArn = await this.createRole(name, options.tags)
    const { taskDefinition } = await this.#ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: "kv" }))
    const containers = (taskDefinition?.containerDefinitions ?? []).flatMap((one) => containersOf(one, options))
    await this.#ecs.send(new RegisterTaskDefinitionCommand(fargateDefinition(name, roleArn, containers)))
    const { tasks = [] } = await this.#ecs.send(
      new RunTaskCommand({
        cluster: this.#cluster,
        taskDefinition: name,
        count,
        launchType: "FARGATE",
        networkConfiguration,
        tags: Object.entries(options.taskTags ?? {}).map(([key, value]) => ({ key, value }))
      })
    )
    return tasks.map(({ taskArn = "" }) => ({ taskId: taskIdOf(taskArn), taskArn, role: name }))
  }

  async createRole(RoleName: string, tags: Tags): Promise<string> {
    const { Role } = await this.#iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOfTasks, Tags: pairs(tags) })
    )
    return Role?.Arn ?? ""
  }

  async tagRole(RoleName: string, tags: Tags): Promise<void> {
    await this.#iam.send(new TagRoleCommand({ RoleName, Tags: pairs(tags) }))
  }

  async untagRole(RoleName: string, ...TagKeys: Array<string>): Promise<void> {
    await this.#iam.send(new UntagRoleCommand({ RoleName, TagKeys }))
  }

  async deleteRole(RoleName: string): Promise<void> {
    await this.#iam.send(new DeleteRoleCommand({ RoleName }))
  }

  async stop({ taskArn }: MeshTask): Promise<void> {
    await this.#ecs.send(new StopTaskCommand({ cluster: this.#cluster, task: taskArn }))
  }

  /** ECS holds it for ended, whatever its processes do. */
  async end({ taskArn }: MeshTask): Promise<void> {
    await this.#ecs.send(
      new SubmitTaskStateChangeCommand({ cluster: this.#cluster, task: taskArn, status: "STOPPED" })
    )
  }

  close(): void {
    this.#ecs.destroy()
    this.#iam.destroy()
  }
}

const pairs = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

/** A container of the demo's kv as this task has it. */
const containersOf = (container: ContainerDefinition, options: MeshTaskOptions): ReadonlyArray<ContainerDefinition> => {
  const { healthCheck, ...rest } = container
  if (container.name !== "sidecar") {
    if (options.proxyType === "ingress" || options.proxyType === "egress") return []
    const [entryPoint = "", ...command] = options.stays === true ? STAYING : LEAVING
    const dependsOn = [{ containerName: "sidecar", condition: "START" as const }]
    return [{ ...rest, entryPoint: [entryPoint], command, stopTimeout: 10, dependsOn }]
  }
  const environment = [
    ...(container.environment ?? []),
    ...Object.entries({
      ...(options.proxyType === undefined ? {} : { KUMA_DATAPLANE_PROXY_TYPE: options.proxyType }),
      ...options.sidecarEnvironment
    }).map(([name, value]) => ({ name, value }))
  ]
  const standIn = options.inPlaceOfSidecar
  return standIn === undefined
    ? [{ ...container, environment }]
    : [{ ...rest, environment, entryPoint: standIn.slice(0, 1), command: standIn.slice(1) }]
}
