/** An account on MiniStack, as its owner and the container agent act on it, and an operator that watches it. */
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  SubmitContainerStateChangeCommand,
  SubmitTaskStateChangeCommand,
  UpdateServiceCommand
} from "@aws-sdk/client-ecs"
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam"
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs"
import { Effect, Layer } from "effect"
import { operate } from "../../../src/controllers/Operator.ts"
import type { OperatorAwsConfig } from "../../../src/controllers/OperatorConfig.ts"
import { Journal, type JournalEntry } from "../../../src/model/Journal.ts"
import { Store } from "../../../src/model/Store.ts"
import type { Emulator } from "../../support/startMinistack.ts"
import { testAwsConfig } from "../aws/testAwsConfig.ts"
import { firstResources, type MemoryResources } from "../perturbed/MemoryResources.ts"
import { memoryStore } from "../perturbed/memoryStore.ts"

export interface Defined {
  readonly family: string
  readonly taskRoleArn: string
  readonly checked?: boolean
  readonly port?: number
  readonly sidecar?: boolean
}

const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1)

const awsvpcConfiguration = { subnets: ["subnet-1"] }

export class Account {
  readonly ecs: ECSClient
  readonly iam: IAMClient
  readonly cluster: string
  private readonly sqs: SQSClient
  private readonly endpoint: string

  private constructor({ endpoint, region }: Emulator, cluster: string) {
    this.ecs = new ECSClient({ endpoint, region })
    this.iam = new IAMClient({ endpoint, region })
    this.sqs = new SQSClient({ endpoint, region })
    this.cluster = cluster
    this.endpoint = endpoint
  }

  /** With a cluster of its own. */
  static async open(aws: Emulator, cluster: string): Promise<Account> {
    const account = new Account(aws, cluster)
    await account.ecs.send(new CreateClusterCommand({ clusterName: cluster }))
    return account
  }

  /** A role that may run a workload, and what else its tags say. */
  async role(name: string, tags: Readonly<Record<string, string>> = {}, iam = this.iam): Promise<string> {
    const all = { "kuma.io/type": "dataplane", "kuma.io/mesh": "default", ...tags }
    const principal = { Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" }
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: name,
        AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [principal] }),
        Tags: Object.entries(all).map(([Key, Value]) => ({ Key, Value }))
      })
    )
    return Role?.Arn ?? ""
  }

  /** Its revision, `family:N`. */
  async define({ checked = false, family, port = 5050, sidecar = true, taskRoleArn }: Defined): Promise<string> {
    const health = checked ? { healthCheck: { command: ["CMD", "true"] } } : {}
    const mesh = { name: "sidecar", image: "ecs-mesh-sidecar:1", command: ["sidecar"] }
    const { taskDefinition } = await this.ecs.send(
      new RegisterTaskDefinitionCommand({
        family,
        taskRoleArn,
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        cpu: "256",
        memory: "512",
        containerDefinitions: [
          { name: "app", image: "app", portMappings: [{ containerPort: port }], ...health },
          ...(sidecar ? [mesh] : [])
        ]
      })
    )
    return `${family}:${taskDefinition?.revision}`
  }

  async run(taskDefinition: string, input: Partial<RunTaskCommand["input"]> = {}): Promise<string> {
    const { tasks } = await this.ecs.send(
      new RunTaskCommand({
        cluster: this.cluster, taskDefinition, launchType: "FARGATE",
        networkConfiguration: { awsvpcConfiguration }, ...input
      })
    )
    return lastPart(tasks?.[0]?.taskArn ?? "")
  }

  async createService(serviceName: string, taskDefinition: string): Promise<void> {
    await this.ecs.send(
      new CreateServiceCommand({
        cluster: this.cluster, serviceName, taskDefinition, desiredCount: 1, launchType: "FARGATE",
        networkConfiguration: { awsvpcConfiguration }
      })
    )
  }

  async updateService(service: string, taskDefinition: string): Promise<void> {
    await this.ecs.send(new UpdateServiceCommand({ cluster: this.cluster, service, taskDefinition }))
  }

  /** Ids of the tasks that ECS wants running. */
  async tasks(): Promise<ReadonlyArray<string>> {
    const { taskArns = [] } = await this.ecs.send(new ListTasksCommand({ cluster: this.cluster }))
    return taskArns.map(lastPart)
  }

  /** What the agent reports. */
  async report(task: string, status: "RUNNING" | "STOPPED", containers = ["app", "sidecar"]): Promise<void> {
    const { cluster } = this
    for (const containerName of containers) {
      await this.ecs.send(new SubmitContainerStateChangeCommand({ cluster, task, containerName, status }))
    }
    await this.ecs.send(new SubmitTaskStateChangeCommand({ cluster, task, status }))
  }

  async reportHealth(task: string, health: "HEALTHY" | "UNHEALTHY"): Promise<void> {
    const { cluster } = this
    const reason = `health:${health}`
    await this.ecs.send(new SubmitContainerStateChangeCommand({ cluster, task, containerName: "app", reason }))
  }

  async stop(task: string): Promise<void> {
    await this.ecs.send(new StopTaskCommand({ cluster: this.cluster, task }))
  }

  /** Whether the operator has handled every event that came so far. */
  async isQuiet(): Promise<boolean> {
    const { QueueUrl } = await this.sqs.send(new GetQueueUrlCommand({ QueueName: `events-${this.cluster}` }))
    const { Attributes } = await this.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))
    const waiting = Number(Attributes?.["ApproximateNumberOfMessages"])
    return waiting + Number(Attributes?.["ApproximateNumberOfMessagesNotVisible"]) === 0
  }

  /** An operator that runs until the scope closes. */
  watch(change: Partial<OperatorAwsConfig> = {}, resources: MemoryResources = firstResources(Date.now)) {
    const journal: Array<JournalEntry> = []
    const aws = testAwsConfig(this.endpoint, {
      queueName: `events-${this.cluster}`, clusters: [this.cluster], ...change
    })
    const ports = Layer.merge(
      Layer.succeed(Store, memoryStore(resources)),
      Layer.succeed(Journal, { append: (entry) => void journal.push(entry) })
    )
    return operate({ zone: "zone-1", aws }).pipe(
      Effect.provide(ports),
      Effect.forkScoped,
      Effect.as({ journal, resources })
    )
  }
}
