/**
 * An AWS account in memory: a cluster of many tasks, a role and a definition for each of their services, a queue of
 * their events. It answers what the operator asks as AWS words it, counts it, and refuses what is beyond AWS's quotas.
 */
import { createHash } from "node:crypto"

export const ACCOUNT = "000000000000"
export const REGION = "us-east-1"
export const CLUSTER = "many"

const ecsArn = (what: string): string => `arn:aws:ecs:${REGION}:${ACCOUNT}:${what}`
export const clusterArn = ecsArn(`cluster/${CLUSTER}`)

export interface FakeTask {
  readonly id: string
  readonly service: string
  readonly address: string
  version: number
  lastStatus: string
  desiredStatus: string
}

interface Message {
  readonly receipt: string
  readonly body: string
  visibleAt: number
}

/** What AWS's quotas allow: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html */
const QUOTAS: Readonly<Record<string, { readonly rate: number; readonly burst: number }>> = {
  tasks: { rate: 20, burst: 100 },
  definitions: { rate: 20, burst: 50 }
}

const QUOTA_OF: Readonly<Record<string, string>> = {
  ListTasks: "tasks",
  DescribeTasks: "tasks",
  DescribeContainerInstances: "tasks",
  DescribeTaskDefinition: "definitions"
}

const VISIBILITY_MILLIS = 60_000

export interface FakeCounts {
  readonly calls: Readonly<Record<string, number>>
  /** Tasks that were asked about, over all DescribeTasks. */
  readonly described: number
  readonly throttled: number
  /** Events that were put onto the queue, and those that were deleted. */
  readonly sent: number
  readonly deleted: number
  /** Most events that waited for a receiver at a time. */
  readonly backlog: number
  /** Most milliseconds between an event and its deletion. */
  readonly longest: number
}

export class FakeAccount {
  readonly tasks = new Map<string, FakeTask>()
  private readonly checked: boolean
  private readonly calls = new Map<string, number>()
  private readonly buckets = new Map<string, { tokens: number; at: number }>()
  private readonly waiting: Array<Message> = []
  private readonly taken = new Map<string, Message & { readonly sentAt: number }>()
  private readonly sentAt = new Map<string, number>()
  private described = 0
  private throttled = 0
  private sent = 0
  private deleted = 0
  private backlog = 0
  private longest = 0
  private wake: Array<() => void> = []

  /** `checked`: whether sidecars have health checks, which ECS tells no changes of. */
  constructor(tasks: number, services: number, checked = true) {
    this.checked = checked
    for (let number = 0; number < tasks; number++) {
      const id = createHash("md5").update(`task ${number}`).digest("hex")
      const address = `10.${number >> 16 & 255}.${number >> 8 & 255}.${number & 255}`
      const service = `s${number % services}`
      this.tasks.set(id, { id, service, address, version: 3, lastStatus: "RUNNING", desiredStatus: "RUNNING" })
    }
  }

  get counts(): FakeCounts {
    const { backlog, deleted, described, longest, sent, throttled } = this
    return { calls: Object.fromEntries(this.calls), described, throttled, sent, deleted, backlog, longest }
  }

  resetCounts(): void {
    this.calls.clear()
    this.described = this.throttled = this.sent = this.deleted = this.backlog = this.longest = 0
  }

  /** Whether the quota lets the call through; counts it. */
  admits(operation: string, now = Date.now()): boolean {
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1)
    const name = QUOTA_OF[operation]
    const quota = name === undefined ? undefined : QUOTAS[name]
    if (name === undefined || quota === undefined) return true
    const bucket = this.buckets.get(name) ?? { tokens: quota.burst, at: now }
    bucket.tokens = Math.min(quota.burst, bucket.tokens + (now - bucket.at) / 1_000 * quota.rate)
    bucket.at = now
    this.buckets.set(name, bucket)
    if (bucket.tokens < 1) {
      this.throttled += 1
      return false
    }
    bucket.tokens -= 1
    return true
  }

  /** A change that ECS counts and tells. */
  change(id: string, change: Partial<Pick<FakeTask, "lastStatus" | "desiredStatus">> = {}): void {
    const task = this.tasks.get(id)
    if (task === undefined) return
    Object.assign(task, change)
    task.version += 1
    this.send(JSON.stringify({
      version: "0",
      id: `${id}-${task.version}`,
      "detail-type": "ECS Task State Change",
      source: "aws.ecs",
      account: ACCOUNT,
      time: new Date().toISOString(),
      region: REGION,
      resources: [ecsArn(`task/${CLUSTER}/${id}`)],
      detail: { ...this.describeTask(task), tags: undefined }
    }))
  }

  listTasks(nextToken: unknown): object {
    const from = Number(nextToken ?? 0)
    const ids = [...this.tasks.keys()].slice(from, from + 100)
    const more = from + 100 < this.tasks.size ? { nextToken: String(from + 100) } : {}
    return { taskArns: ids.map((id) => ecsArn(`task/${CLUSTER}/${id}`)), ...more }
  }

  describeTasks(ids: ReadonlyArray<unknown>): object {
    this.described += ids.length
    const found = ids.map((id) => this.tasks.get(String(id)))
    return {
      tasks: found.flatMap((task) => task === undefined ? [] : [this.describeTask(task)]),
      failures: ids.filter((_, at) => found[at] === undefined).map((id) => ({ arn: String(id), reason: "MISSING" }))
    }
  }

  describeTaskDefinition(arn: unknown): object {
    const service = String(arn).split("/").at(-1)?.split(":")[0] ?? ""
    return {
      taskDefinition: {
        taskDefinitionArn: String(arn),
        family: service,
        networkMode: "awsvpc",
        taskRoleArn: `arn:aws:iam::${ACCOUNT}:role/${service}`,
        containerDefinitions: [
          { name: "app", image: "app:1", portMappings: [{ containerPort: 8080, protocol: "tcp" }] },
          {
            name: "sidecar",
            image: "ecs-mesh/sidecar",
            environment: [{ name: "KUMA_CONTROL_PLANE_URL", value: "https://control-plane:5678" }],
            portMappings: [{ containerPort: 5050, protocol: "tcp" }],
            ...(this.checked ? { healthCheck: { command: ["CMD", "true"] } } : {})
          }
        ]
      }
    }
  }

  getRole(name: string): string {
    const tags = { "kuma.io/type": "dataplane", "kuma.io/mesh": "default" }
    const members = Object.entries(tags).map(([key, value]) =>
      `<member><Key>${key}</Key><Value>${value}</Value></member>`)
    return `<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Path>/</Path>` +
      `<RoleName>${name}</RoleName><RoleId>AROA${name}</RoleId><Arn>arn:aws:iam::${ACCOUNT}:role/${name}</Arn>` +
      `<CreateDate>2026-01-01T00:00:00Z</CreateDate><Tags>${members.join("")}</Tags></Role></GetRoleResult>` +
      `<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></GetRoleResponse>`
  }

  /** Up to ten, once there is one or the time is over. */
  async receive(waitSeconds: number): Promise<object> {
    const until = Date.now() + waitSeconds * 1_000
    while (this.waiting.length === 0 && Date.now() < until) {
      const timer = Promise.withResolvers<void>()
      const timeout = setTimeout(timer.resolve, until - Date.now())
      this.wake.push(timer.resolve)
      await timer.promise
      clearTimeout(timeout)
    }
    const messages = this.waiting.splice(0, 10)
    for (const message of messages) {
      message.visibleAt = Date.now() + VISIBILITY_MILLIS
      this.taken.set(message.receipt, { ...message, sentAt: this.sentAt.get(message.receipt) ?? 0 })
    }
    return {
      Messages: messages.map(({ body, receipt }) => ({
        MessageId: receipt, ReceiptHandle: receipt, Body: body, MD5OfBody: createHash("md5").update(body).digest("hex")
      }))
    }
  }

  remove(receipts: ReadonlyArray<string>): object {
    for (const receipt of receipts) {
      const message = this.taken.get(receipt)
      if (message === undefined || !this.taken.delete(receipt)) continue
      this.deleted += 1
      this.longest = Math.max(this.longest, Date.now() - message.sentAt)
      this.sentAt.delete(receipt)
    }
    return { Successful: receipts.map((_, at) => ({ Id: String(at) })), Failed: [] }
  }

  private send(body: string): void {
    this.sent += 1
    const receipt = `receipt-${this.sent}-${createHash("md5").update(body).digest("hex")}`
    this.sentAt.set(receipt, Date.now())
    this.waiting.push({ receipt, body, visibleAt: 0 })
    this.backlog = Math.max(this.backlog, this.waiting.length)
    const { wake } = this
    this.wake = []
    wake.forEach((resolve) => resolve())
  }

  private describeTask({ address, desiredStatus, id, lastStatus, service, version }: FakeTask) {
    const container = (name: string) => ({ name, lastStatus, healthStatus: name === "sidecar" ? "HEALTHY" : "UNKNOWN" })
    return {
      taskArn: ecsArn(`task/${CLUSTER}/${id}`),
      clusterArn,
      taskDefinitionArn: ecsArn(`task-definition/${service}:1`),
      group: `service:${service}`,
      lastStatus,
      desiredStatus,
      version,
      availabilityZone: `${REGION}a`,
      attachments: [{
        type: "ElasticNetworkInterface",
        status: "ATTACHED",
        details: [{ name: "privateIPv4Address", value: address }]
      }],
      containers: [container("app"), container("sidecar")],
      tags: []
    }
  }
}
