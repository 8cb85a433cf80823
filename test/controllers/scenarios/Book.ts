/**
 * An operator before an ECS and an IAM whose answers a test writes down, with a store in memory. Nothing happens by
 * itself: a task is what was written of it last, and an event comes when the test tells it.
 */
import { CloudWatchEventsClient } from "@aws-sdk/client-cloudwatch-events"
import {
  DescribeClustersCommand,
  DescribeContainerInstancesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  type Task,
  type TaskDefinition
} from "@aws-sdk/client-ecs"
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam"
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { Effect, Layer } from "effect"
import { AwsClients } from "../../../src/controllers/aws/AwsClients.ts"
import { operateWith } from "../../../src/controllers/Operator.ts"
import type { OperatorAwsConfig } from "../../../src/controllers/OperatorConfig.ts"
import { Journal, type JournalEntry } from "../../../src/model/Journal.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { Store } from "../../../src/model/Store.ts"
import { testAwsConfig } from "../aws/testAwsConfig.ts"
import { firstResources, type MemoryResources } from "../perturbed/MemoryResources.ts"
import { memoryStore } from "../perturbed/memoryStore.ts"

export const ACCOUNT = "111122223333"
export const FOREIGN = "444455556666"

export const clusterArn = (name: string): string => `arn:aws:ecs:us-east-1:${ACCOUNT}:cluster/${name}`
export const roleArn = (name: string, account = ACCOUNT): string => `arn:aws:iam::${account}:role/${name}`
export const INSTANCE = `arn:aws:ecs:us-east-1:${ACCOUNT}:container-instance/demo/1`

const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1)

export interface Written {
  readonly id: string
  readonly cluster?: string
  readonly service?: string | null
  readonly revision?: string
  readonly role?: string
  /** Of its own network interface. */
  readonly address?: string
  /** Of a container instance's host, by container port. */
  readonly hostPorts?: Readonly<Record<string, number>>
  readonly health?: "HEALTHY" | "UNHEALTHY" | "UNKNOWN"
  readonly lastStatus?: string
  readonly desiredStatus?: string
  readonly stopCode?: Task["stopCode"]
  readonly version?: number
  /** Its own, not its role's. */
  readonly tags?: Readonly<Record<string, string>>
}

/** A task as DescribeTasks shows it. */
const describe = ({
  address, cluster = "demo", desiredStatus = "RUNNING", health = "UNKNOWN", hostPorts, id, lastStatus = "RUNNING",
  revision = "kv:1", role = "kv-task", service = "kv", stopCode, tags = {}, version = 1
}: Written): Task => {
  const taskArn = `arn:aws:ecs:us-east-1:${ACCOUNT}:task/${cluster}/${id}`
  const containers = ["app", "sidecar"].map((name) => ({
    name,
    lastStatus: ["STOPPED", "DEPROVISIONING"].includes(lastStatus) ? "STOPPED" : lastStatus,
    healthStatus: health,
    networkBindings: Object.entries(hostPorts ?? {}).flatMap(([containerPort, hostPort]) =>
      (containerPort === "5050") === (name === "app")
        ? [{ containerPort: Number(containerPort), hostPort, protocol: "tcp" as const }]
        : []
    )
  }))
  return {
    taskArn,
    clusterArn: clusterArn(cluster),
    taskDefinitionArn: revision,
    group: service === null ? `family:${revision.split(":")[0]}` : `service:${service}`,
    lastStatus,
    desiredStatus,
    version,
    containers,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    overrides: { taskRoleArn: role.startsWith("arn:") ? role : roleArn(role) },
    ...(stopCode === undefined ? {} : { stopCode }),
    ...(hostPorts === undefined ? {} : { containerInstanceArn: INSTANCE }),
    ...(address === undefined ? {} : {
      attachments: [{
        type: "ElasticNetworkInterface",
        details: [{ name: "privateIPv4Address", value: address }]
      }]
    })
  }
}

export interface Defined {
  readonly checked?: boolean
  readonly networkMode?: "awsvpc" | "bridge" | "host"
  readonly ports?: ReadonlyArray<number>
  readonly sidecar?: boolean
}

const define = (
  revision: string,
  { checked = false, networkMode = "awsvpc", ports = [5050], sidecar = true }: Defined = {}
): TaskDefinition => {
  const portMappings = (all: ReadonlyArray<number>) => all.map((containerPort) => ({ containerPort }))
  const health = checked ? { healthCheck: { command: ["CMD", "true"] } } : {}
  const mesh = {
    name: "sidecar",
    image: "ecs-mesh-sidecar:1",
    portMappings: networkMode === "bridge" ? portMappings(ports.map((port) => port + 10_000)) : []
  }
  return {
    taskDefinitionArn: revision,
    family: revision.split(":")[0] ?? "",
    networkMode,
    containerDefinitions: [
      { name: "app", image: "app", portMappings: portMappings(ports), ...health },
      ...(sidecar ? [mesh] : [])
    ]
  }
}

const awsError = (name: string, status = 400): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } })

/** Never ends but with whoever asked. */
const given = (up: AbortSignal): Promise<never> =>
  new Promise((_, reject) => up.addEventListener("abort", () => reject(awsError("AbortError", 0))))

const REGION = { region: "us-east-1" }

const sending = <C extends object>(client: C, send: unknown): C =>
  new Proxy(client, { get: (target, name) => (name === "send" ? send : Reflect.get(target, name)) })

export class Book {
  readonly tasks = new Map<string, Task>()
  readonly definitions = new Map<string, TaskDefinition>([["kv:1", define("kv:1")]])
  /** Tags by ARN. */
  readonly roles = new Map<string, Readonly<Record<string, string>>>([
    [roleArn("kv-task"), { "kuma.io/type": "dataplane", "kuma.io/mesh": "default" }]
  ])
  /** Names of the calls made, each with what it asked for. */
  readonly calls: Array<readonly [name: string, about: string]> = []
  /** What ECS and IAM don't answer for as long as it is in it. */
  readonly failing = new Set<string>()
  /** Tasks about which ECS says nothing at all: who asks waits until it gives up. */
  readonly silent = new Set<string>()
  private readonly messages: Array<string> = []
  private waiting: Array<() => void> = []

  write(task: Written): void {
    this.tasks.set(task.id, describe(task))
  }

  define(revision: string, defined: Defined = {}): void {
    this.definitions.set(revision, define(revision, defined))
  }

  /** ECS's event of what is written of the task, or as somebody changes it. */
  tell(id: string, change: Partial<Task> = {}): void {
    const task = this.tasks.get(id)
    if (task === undefined) throw new Error(`nothing is written of ${id}`)
    const { clusterArn, desiredStatus, group, lastStatus, stopCode, taskArn, version } = { ...task, ...change }
    const detail = { clusterArn, desiredStatus, group, lastStatus, stopCode, taskArn, version }
    this.send({ source: "aws.ecs", "detail-type": "ECS Task State Change", detail })
  }

  /** IAM's event, by CloudTrail. */
  tellRole(roleName: string, eventName: "TagRole" | "UntagRole" | "DeleteRole"): void {
    const detail = { eventSource: "iam.amazonaws.com", eventName, requestParameters: { roleName } }
    this.send({ source: "aws.iam", "detail-type": "AWS API Call via CloudTrail", detail })
  }

  /** ECS's event of a service of the cluster `demo`. */
  tellService(service: string, eventName: string): void {
    const resources = [`arn:aws:ecs:us-east-1:${ACCOUNT}:service/demo/${service}`]
    this.send({ source: "aws.ecs", "detail-type": "ECS Service Action", resources, detail: { eventName } })
  }

  /** ECS's event of the one container instance. */
  tellInstance(status: string): void {
    const detail = { clusterArn: clusterArn("demo"), containerInstanceArn: INSTANCE, status, version: 1 }
    this.send({ source: "aws.ecs", "detail-type": "ECS Container Instance State Change", detail })
  }

  private send(event: object): void {
    const envelope = { id: "1", account: ACCOUNT, region: "us-east-1", time: "2026-01-01T00:00:00Z" }
    this.messages.push(JSON.stringify({ ...envelope, ...event }))
    this.waiting.forEach((go) => go())
    this.waiting = []
  }

  clients(readable: ReadonlyArray<string> = []): AwsClients["Service"] {
    const ask = (account: string) => (command: object, { abortSignal }: { readonly abortSignal: AbortSignal }) =>
      command instanceof ReceiveMessageCommand
        ? this.receive(abortSignal)
        : this.isSilent(command) ? given(abortSignal) : this.answer(command, account)
    const iam = (account: string) => sending(new IAMClient(REGION), ask(account))
    return {
      ecs: sending(new ECSClient(REGION), ask(ACCOUNT)),
      iam: iam(ACCOUNT),
      events: sending(new CloudWatchEventsClient(REGION), ask(ACCOUNT)),
      sqs: sending(new SQSClient(REGION), ask(ACCOUNT)),
      iamOf: (account) => (readable.includes(account) ? iam(account) : null)
    }
  }

  private async receive(signal: AbortSignal): Promise<unknown> {
    if (this.messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve)
        signal.addEventListener("abort", () => resolve())
      })
    }
    const bodies = signal.aborted ? [] : this.messages.splice(0)
    return { Messages: bodies.map((Body, index) => ({ Body, ReceiptHandle: String(index) })) }
  }

  private isSilent(command: object): boolean {
    const asked = command instanceof DescribeTasksCommand ? (command.input.tasks ?? []).map(lastPart) : []
    const isSilent = asked.some((id) => this.silent.has(id))
    if (isSilent) for (const id of asked) this.calls.push(["DescribeTasks", id])
    return isSilent
  }

  private called(name: string, about: string): void {
    this.calls.push([name, about])
    if (this.failing.has(about)) throw awsError("ThrottlingException")
  }

  private async answer(command: object, account: string): Promise<unknown> {
    if (command instanceof DescribeClustersCommand) {
      const { clusters = [] } = command.input
      return { clusters: clusters.map((name) => ({ clusterName: name, clusterArn: clusterArn(name) })) }
    }
    if (command instanceof ListTasksCommand) {
      this.calls.push(["ListTasks", command.input.cluster ?? ""])
      const all = [...this.tasks.values()].filter(({ desiredStatus }) => desiredStatus === "RUNNING")
      return { taskArns: all.filter((task) => task.clusterArn === command.input.cluster).map(({ taskArn }) => taskArn) }
    }
    if (command instanceof DescribeTasksCommand) return this.describeTasks(command.input)
    if (command instanceof DescribeTaskDefinitionCommand) {
      const { taskDefinition = "" } = command.input
      this.called("DescribeTaskDefinition", taskDefinition)
      const definition = this.definitions.get(taskDefinition)
      if (definition === undefined) throw awsError("ClientException")
      return { taskDefinition: definition }
    }
    if (command instanceof DescribeContainerInstancesCommand) {
      return { containerInstances: [{ attributes: [{ name: "ecs-mesh.io/address", value: "10.0.9.1" }] }] }
    }
    if (command instanceof GetRoleCommand) return this.role(roleArn(command.input.RoleName ?? "", account))
    return { QueueUrl: "queue", RuleArn: "rule", Attributes: { QueueArn: "queue" }, Successful: [], Failed: [] }
  }

  private describeTasks({ cluster = "", tasks = [] }: DescribeTasksCommand["input"]): unknown {
    const asked = tasks.map(lastPart)
    for (const id of asked) this.calls.push(["DescribeTasks", id])
    const isThere = (task: Task | undefined) => lastPart(task?.clusterArn ?? "") === lastPart(cluster)
    const answered = asked.filter((id) => !this.failing.has(id))
    return {
      tasks: answered.flatMap((id) => this.tasks.get(id) ?? []).filter(isThere),
      failures: answered.filter((id) => !isThere(this.tasks.get(id))).map((arn) => ({ arn, reason: "MISSING" }))
    }
  }

  private role(arn: string): unknown {
    this.called("GetRole", arn)
    const tags = this.roles.get(arn)
    if (tags === undefined) throw awsError("NoSuchEntityException", 404)
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    return { Role: { Arn: arn, RoleId: `AROA${arn}`, Tags } }
  }
}

export interface Scene {
  readonly book: Book
  readonly resources: MemoryResources
  readonly journal: ReadonlyArray<JournalEntry>
  /** Its proxy took its listeners. */
  readonly connect: (id: string) => void
  readonly dataplane: (id: string) => Resource<"Dataplane"> | undefined
  readonly task: (id: string) => Resource<"EcsTask"> | undefined
  /** Its proxy is known to the mesh, and may connect. */
  readonly isIn: (id: string) => boolean
  /** `Ready`, `NotReady`, or undefined where there is no Dataplane. */
  readonly state: (id: string) => string | undefined
  readonly conditionOf: (id: string, type: string) => string
}

/** What the control plane writes when a proxy took its listeners. */
export const connectIn = (resources: MemoryResources, name: string): void => {
  const status = { total: {}, cds: {}, eds: {}, rds: {}, lds: { responsesSent: "1", responsesAcknowledged: "1" } }
  const subscription = { id: "1", controlPlaneInstanceId: "cp", connectTime: "2026-01-01T00:00:00Z", status }
  const spec = { subscriptions: [subscription] }
  resources.put({ type: "DataplaneInsight", mesh: "default", name, labels: {}, spec })
}

/** An operator that runs until the scope closes, and follows events once this is done. */
export const open = Effect.fnUntraced(function*(
  book: Book,
  { readable = [], ...change }: Partial<OperatorAwsConfig> & { readonly readable?: ReadonlyArray<string> } = {},
  resources: MemoryResources = firstResources(Date.now)
) {
  const journal: Array<JournalEntry> = []
  const config = testAwsConfig("", { authorizedAccountIds: [ACCOUNT], clusters: ["demo"], ...change })
  const ports = Layer.mergeAll(
    Layer.succeed(AwsClients, book.clients(readable)),
    Layer.succeed(Store, memoryStore(resources)),
    Layer.succeed(Journal, { append: (entry) => void journal.push(entry) })
  )
  yield* operateWith({ zone: "zone-1", aws: config }).pipe(Effect.provide(ports), Effect.forkScoped)
  const dataplane = (id: string) => resources.list("Dataplane").find(({ name }) => name === id)
  const task = (id: string) => resources.list("EcsTask").find(({ name }) => name === id)
  const scene: Scene = {
    book,
    resources,
    journal,
    connect: (name) => connectIn(resources, name),
    dataplane,
    task,
    isIn: (id) => task(id)?.spec.phase === "registered",
    state: (id) => dataplane(id)?.spec.networking?.inbound?.[0]?.state,
    conditionOf: (id, type) => {
      const found = task(id)?.spec.conditions.find((one) => one.type === type)
      return found === undefined ? "" : `${found.reason}: ${found.message}`
    }
  }
  return scene
})

/** Waits until it is so; otherwise fails with what it waited for. */
export const until = (what: string, isSo: () => boolean) =>
  Effect.gen(function*() {
    const end = Date.now() + 20_000
    while (!isSo()) {
      if (Date.now() > end) return yield* Effect.die(new Error(`never: ${what}`))
      yield* Effect.sleep("5 millis")
    }
  })
