// What a user can do with the demo's cluster while it runs: each is one call of AWS's API.
import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  UpdateServiceCommand
} from "@aws-sdk/client-ecs"
import { IAMClient, TagRoleCommand, UntagRoleCommand } from "@aws-sdk/client-iam"
import { taskIdOf } from "../agent/TaskPlan.ts"
import type { Emulator } from "../ministack/startMinistack.ts"

export const demoCluster = "demo"
export const networkConfiguration = { awsvpcConfiguration: { subnets: ["subnet-0123456789abcdef0"] } }

export type DemoService = "demo-app" | "kv"

/** A task that the mesh must refuse: its role has no tags, or names another service than the task's tag. */
export type RefusedTask = "untagged" | "impostor"

export interface DemoTask {
  readonly taskId: string
  readonly taskArn: string
  /** The service's name, or the task definition's family for a task that runs alone. */
  readonly service: string
  readonly address: string
  readonly desiredStatus: string
  readonly lastStatus: string
  /** Of the whole task, by its containers' health checks. */
  readonly health: string
}

export class Demo {
  readonly cluster = demoCluster
  readonly #ecs: ECSClient
  readonly #iam: IAMClient

  constructor({ endpoint, region, credentials }: Pick<Emulator, "endpoint" | "region" | "credentials">) {
    this.#ecs = new ECSClient({ endpoint, region, credentials })
    this.#iam = new IAMClient({ endpoint, region, credentials })
  }

  /** The tasks that shall run, and those that shall stop but still do. */
  async tasks(): Promise<ReadonlyArray<DemoTask>> {
    const cluster = demoCluster
    const listed = await Promise.all((["RUNNING", "STOPPED"] as const).map((desiredStatus) =>
      this.#ecs.send(new ListTasksCommand({ cluster, desiredStatus }))))
    const arns = listed.flatMap(({ taskArns = [] }) => taskArns)
    if (arns.length === 0) return []
    const { tasks = [] } = await this.#ecs.send(new DescribeTasksCommand({ cluster, tasks: arns.slice(0, 100) }))
    return tasks.filter(({ lastStatus }) => lastStatus !== "STOPPED").map((task) => {
      const details = task.attachments?.[0]?.details ?? []
      const family = task.taskDefinitionArn?.split("/").at(-1)?.split(":")[0] ?? ""
      return {
        taskId: taskIdOf(task.taskArn ?? ""),
        taskArn: task.taskArn ?? "",
        service: task.group?.startsWith("service:") === true ? task.group.slice("service:".length) : family,
        address: details.find(({ name }) => name === "privateIPv4Address")?.value ?? "",
        desiredStatus: task.desiredStatus ?? "",
        lastStatus: task.lastStatus ?? "",
        health: task.healthStatus ?? "UNKNOWN"
      }
    })
  }

  async scale(service: DemoService, desiredCount: number): Promise<void> {
    await this.#ecs.send(new UpdateServiceCommand({ cluster: demoCluster, service, desiredCount }))
  }

  /** A rolling replacement of all of a service's tasks. */
  async roll(service: DemoService): Promise<void> {
    await this.#ecs.send(new UpdateServiceCommand({ cluster: demoCluster, service, forceNewDeployment: true }))
  }

  async stopTask(taskId: string): Promise<void> {
    await this.#ecs.send(new StopTaskCommand({ cluster: demoCluster, task: taskId, reason: "Stopped by the demo" }))
  }

  /** Runs one task that the mesh must refuse; gives its id. */
  async runRefused(which: RefusedTask): Promise<string> {
    const { tasks } = await this.#ecs.send(
      new RunTaskCommand({
        cluster: demoCluster,
        taskDefinition: which,
        launchType: "FARGATE",
        networkConfiguration,
        ...(which === "impostor" ? { tags: [{ key: "kuma.io/service", value: "kv" }] } : {})
      })
    )
    return taskIdOf(tasks?.[0]?.taskArn ?? "")
  }

  async tagRole(role: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    await this.#iam.send(new TagRoleCommand({ RoleName: role, Tags }))
  }

  async untagRole(role: string, keys: ReadonlyArray<string>): Promise<void> {
    await this.#iam.send(new UntagRoleCommand({ RoleName: role, TagKeys: [...keys] }))
  }

  close(): void {
    this.#ecs.destroy()
    this.#iam.destroy()
  }
}
