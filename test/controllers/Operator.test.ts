import {
  CloudWatchEventsClient,
  CreateArchiveCommand,
  DescribeReplayCommand,
  StartReplayCommand
} from "@aws-sdk/client-cloudwatch-events"
import {
  CreateClusterCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  SubmitContainerStateChangeCommand,
  SubmitTaskStateChangeCommand
} from "@aws-sdk/client-ecs"
import { CreateRoleCommand, IAMClient, TagRoleCommand, UntagRoleCommand } from "@aws-sdk/client-iam"
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  SQSClient
} from "@aws-sdk/client-sqs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"
import { operate } from "../../src/controllers/Operator.ts"
import type { OperatorConfig } from "../../src/controllers/OperatorConfig.ts"
import { Journal, type JournalEntry } from "../../src/model/Journal.ts"
import type { Resource } from "../../src/model/Resource.ts"
import { Store } from "../../src/model/Store.ts"
import { emptyMesh, openStore, useTestDatabases } from "../cp/store/testDatabases.ts"
import { type Emulator, startMinistack } from "../support/startMinistack.ts"
import { testAwsConfig } from "./aws/testAwsConfig.ts"

const databases = useTestDatabases()
let aws: Emulator | undefined
let ecs: ECSClient
let iam: IAMClient
let sqs: SQSClient
let events: CloudWatchEventsClient

beforeAll(async () => {
  aws = await startMinistack()
  const { accessKeyId, secretAccessKey } = aws.credentials
  process.env["AWS_ACCESS_KEY_ID"] = accessKeyId
  process.env["AWS_SECRET_ACCESS_KEY"] = secretAccessKey
  const settings = { endpoint: aws.endpoint, region: aws.region }
  ecs = new ECSClient(settings)
  iam = new IAMClient(settings)
  sqs = new SQSClient(settings)
  events = new CloudWatchEventsClient(settings)
}, 60_000)
afterAll(() => aws?.stop())

const call = <A>(run: () => Promise<A>) => Effect.promise(run)

let counted = 0

/** A cluster of its own for each test, with an operator that watches it. */
const world = Effect.fnUntraced(function*(change: Partial<OperatorConfig["aws"]> = {}) {
  const cluster = `cluster-${++counted}`
  yield* call(() => ecs.send(new CreateClusterCommand({ clusterName: cluster })))
  const config: OperatorConfig = {
    zone: "zone-1",
    aws: testAwsConfig(aws?.endpoint ?? "", {
      queueName: `events-${cluster}`, ...change, clusters: [...(change.clusters ?? []), cluster]
    })
  }
  const store = yield* openStore(yield* Effect.promise(databases.create))
  yield* store.put(emptyMesh())
  const entries: Array<JournalEntry> = []
  const ports = Layer.merge(
    Layer.succeed(Store, store),
    Layer.succeed(Journal, { append: (entry) => void entries.push(entry) })
  )
  const start = operate(config).pipe(Effect.provide(ports), Effect.forkScoped)
  return { cluster, store, entries, start, queueName: config.aws.queueName }
})

const role = (name: string, tags: Readonly<Record<string, string>>) =>
  call(async () => {
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: name,
        AssumeRolePolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" }]
        }),
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
      })
    )
    return Role?.Arn ?? ""
  })

const dataplaneTags = { "kuma.io/type": "dataplane", "kuma.io/mesh": "default" }

interface Definition {
  readonly sidecar?: boolean
  readonly proxyType?: string
  readonly checked?: boolean
  readonly port?: number
}

const define = (
  family: string,
  taskRoleArn: string,
  { checked = false, port = 5050, proxyType, sidecar = true }: Definition = {}
) =>
  call(() =>
    ecs.send(
      new RegisterTaskDefinitionCommand({
        family,
        taskRoleArn,
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        cpu: "256",
        memory: "512",
        containerDefinitions: [
          {
            name: "app",
            image: "app",
            portMappings: [{ name: "web", containerPort: port, protocol: "tcp", appProtocol: "http" }],
            ...(checked ? { healthCheck: { command: ["CMD", "true"] } } : {})
          },
          ...(sidecar
            ? [{
              name: "sidecar",
              image: "ecs-mesh-sidecar:1",
              command: ["sidecar"],
              environment: proxyType === undefined ? [] : [{ name: "KUMA_DATAPLANE_PROXY_TYPE", value: proxyType }]
            }]
            : [])
        ]
      })
    )
  )

const run = (cluster: string, family: string, tags: Readonly<Record<string, string>> = {}) =>
  call(async () => {
    const { tasks } = await ecs.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: family,
        launchType: "FARGATE",
        group: `service:${family}`,
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
        networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } }
      })
    )
    const arn = tasks?.[0]?.taskArn ?? ""
    return { arn, id: arn.slice(arn.lastIndexOf("/") + 1) }
  })

/** What the agent reports once the containers run. */
const containersRun = (cluster: string, task: string) =>
  call(async () => {
    for (const containerName of ["app", "sidecar"]) {
      await ecs.send(new SubmitContainerStateChangeCommand({ cluster, task, containerName, status: "RUNNING" }))
    }
    await ecs.send(new SubmitTaskStateChangeCommand({ cluster, task, status: "RUNNING" }))
  })

/** Polls until there is something to answer; otherwise fails with what it waited for. */
const eventually = <A, E, R>(what: string | (() => string), look: Effect.Effect<A | undefined, E, R>) =>
  Effect.gen(function*() {
    const until = Date.now() + 20_000
    while (Date.now() < until) {
      const seen = yield* look
      if (seen !== undefined) return seen
      yield* Effect.sleep("50 millis")
    }
    return yield* Effect.die(new Error(`never: ${typeof what === "string" ? what : what()}`))
  })

type AStore = Store["Service"]

const taskIn = (store: AStore, id: string, phase: string) => {
  let last: Resource<"EcsTask"> | undefined
  return eventually(
    () => `task ${id} ${phase}; it is ${JSON.stringify(last?.spec, null, 2)}`,
    store.get({ type: "EcsTask", mesh: "", name: id }).pipe(
      Effect.map((task) => {
        last = task
        return task.spec.phase === phase ? task : undefined
      }),
      Effect.catchTag("NotFound", () => Effect.succeed(undefined))
    )
  )
}

const absent = (store: AStore, type: "EcsTask" | "Dataplane", mesh: string, name: string) =>
  eventually(
    `no ${type} ${name}`,
    store.get({ type, mesh, name }).pipe(
      Effect.map(() => undefined),
      Effect.catchTag("NotFound", () => Effect.succeed(true as const))
    )
  )

const dataplane = (store: AStore, name: string, wanted: (resource: Resource<"Dataplane">) => boolean = () => true) =>
  eventually(
    `Dataplane ${name}`,
    store.get({ type: "Dataplane", mesh: "default", name }).pipe(
      Effect.map((resource) => wanted(resource) ? resource : undefined),
      Effect.catchTag("NotFound", () => Effect.succeed(undefined))
    )
  )

const isReady = ({ spec }: Resource<"Dataplane">): boolean => spec.networking?.inbound?.[0]?.state === "Ready"

/** What the control plane writes when a proxy took its listeners. */
const acknowledge = (store: AStore, name: string) =>
  store.put({
    type: "DataplaneInsight",
    mesh: "default",
    name,
    labels: {},
    spec: {
      subscriptions: [{
        id: "1",
        controlPlaneInstanceId: "cp",
        connectTime: "2026-01-01T00:00:00Z",
        status: { total: {}, cds: {}, eds: {}, rds: {}, lds: { responsesSent: "1", responsesAcknowledged: "1" } }
      }]
    }
  })

/** A message is deleted once the tasks that it wakes were looked after. */
const emptied = (queueName: string) =>
  eventually("an empty queue", call(async () => {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }))
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))
    const open = Number(Attributes?.["ApproximateNumberOfMessages"]) +
      Number(Attributes?.["ApproximateNumberOfMessagesNotVisible"])
    return open === 0 ? true as const : undefined
  }))

const condition = (task: Resource<"EcsTask">, type: string) => task.spec.conditions.find((one) => one.type === type)

describe("the operator", () => {
  it.live("registers a tagged task, opens it once its proxy has listeners, and closes it when it stops", () =>
    Effect.gen(function*() {
      const { cluster, store, entries, start } = yield* world()
      yield* start
      yield* define("kv", yield* role("kv-role", { ...dataplaneTags, "kuma.io/service": "kv" }))
      // The queue and the rules are set up in the background; the first list sees the task otherwise.
      const { arn, id } = yield* run(cluster, "kv", { team: "red" })

      const task = yield* taskIn(store, id, "registered")
      const first = yield* dataplane(store, id)
      assert.match(first.spec.networking?.address ?? "", /^127\./)
      assert.deepInclude(first.spec.networking?.inbound?.[0], { port: 15050, servicePort: 5050, state: "NotReady" })
      assert.deepInclude(first.spec.networking?.inbound?.[0]?.tags, {
        "kuma.io/service": "kv", "kuma.io/protocol": "http", "kuma.io/zone": "zone-1", team: "red"
      })
      assert.strictEqual(first.labels["ecs-mesh.io/outbounds"], "all")
      assert.deepStrictEqual(task.spec.proxy, { proxyType: "dataplane", mesh: "default", name: id })
      assert.strictEqual(condition(task, "SidecarConnected")?.reason, "NeverConnected")

      yield* containersRun(cluster, arn)
      yield* acknowledge(store, id)
      yield* dataplane(store, id, isReady)
      const connected = yield* eventually("SidecarConnected", Effect.map(taskIn(store, id, "registered"), (seen) =>
        condition(seen, "SidecarConnected")?.status === "True" ? seen : undefined))
      assert.strictEqual(condition(connected, "Accepted")?.status, "True")
      const port = yield* eventually(
        "a port of kv",
        store.get({ type: "OutboundPort", mesh: "default", name: "kv" }).pipe(
          Effect.catchTag("NotFound", () => Effect.succeed(undefined))
        )
      )
      assert.isTrue(port.spec.port >= 20_000 && port.spec.port < 30_000)

      yield* call(() => ecs.send(new StopTaskCommand({ cluster, task: arn })))
      yield* taskIn(store, id, "draining")
      assert.isFalse(isReady(yield* dataplane(store, id)))
      yield* call(() => ecs.send(new SubmitTaskStateChangeCommand({ cluster, task: arn, status: "STOPPED" })))
      yield* absent(store, "Dataplane", "default", id)
      yield* absent(store, "EcsTask", "", id)

      const phases = entries.filter(({ kind }) => kind === "decision").map(({ to }) => to)
      assert.includeMembers(phases, ["registered", "draining", "gone"])
      assert.isTrue(entries.some(({ kind, key }) => kind === "event" && key === `task/${cluster}/${id}`))
    }).pipe(Effect.scoped), 60_000)

  it.live("refuses an untagged role with what to change, and takes it once the role is tagged", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world()
      yield* start
      yield* define("bare", yield* role("bare-role", {}))
      const { id } = yield* run(cluster, "bare")
      const refused = yield* taskIn(store, id, "refused")
      assert.strictEqual(condition(refused, "Accepted")?.reason, "RoleTagMissing")
      assert.include(condition(refused, "Accepted")?.message, "aws iam tag-role --role-name bare-role")
      assert.isNull(refused.spec.proxy)
      yield* absent(store, "Dataplane", "default", id)

      yield* call(() =>
        iam.send(
          new TagRoleCommand({
            RoleName: "bare-role",
            Tags: Object.entries(dataplaneTags).map(([Key, Value]) => ({ Key, Value }))
          })
        )
      )
      yield* taskIn(store, id, "registered")
      yield* call(() => iam.send(new UntagRoleCommand({ RoleName: "bare-role", TagKeys: ["kuma.io/type"] })))
      yield* taskIn(store, id, "refused")
      yield* absent(store, "Dataplane", "default", id)
    }).pipe(Effect.scoped), 60_000)

  it.live("refuses a role whose service differs from the task's", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world()
      yield* start
      yield* define("other", yield* role("other-role", { ...dataplaneTags, "kuma.io/service": "kv" }))
      const { id } = yield* run(cluster, "other", { "kuma.io/service": "else" })
      const task = yield* taskIn(store, id, "refused")
      assert.strictEqual(condition(task, "Accepted")?.reason, "TaskTagMismatch")
      assert.include(condition(task, "Accepted")?.message, "change the task's tag to \"kv\"")
    }).pipe(Effect.scoped), 60_000)

  it.live("refuses a role of an account that isn't listed", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world({ authorizedAccountIds: ["999999999999"] })
      yield* start
      yield* define("stranger", yield* role("stranger-role", dataplaneTags))
      const { id } = yield* run(cluster, "stranger")
      const task = yield* taskIn(store, id, "refused")
      assert.strictEqual(condition(task, "Accepted")?.reason, "AccountNotAuthorized")
      assert.include(condition(task, "Accepted")?.message, "KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS")
    }).pipe(Effect.scoped), 60_000)

  it.live("gives a port to who offers a service and not to who names one, and tells who waits for it", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world()
      yield* start
      yield* define("caller", yield* role("caller-role", dataplaneTags))
      yield* define("greedy", yield* role("greedy-role", {}))
      yield* define("late", yield* role("late-role", dataplaneTags))
      const greedy = yield* run(cluster, "greedy", { "kuma.io/outbounds": "invented other" })
      const caller = yield* run(cluster, "caller", { "kuma.io/outbounds": "late" })
      yield* taskIn(store, greedy.id, "refused")
      const waiting = yield* taskIn(store, caller.id, "registered")
      assert.include(condition(waiting, "Registered")?.message, "nobody offers late yet")
      yield* taskIn(store, (yield* run(cluster, "late")).id, "registered")
      const called = yield* dataplane(store, caller.id, ({ spec }) => (spec.networking?.outbound ?? []).length === 1)
      const ports = yield* store.list("OutboundPort", "default")
      assert.sameMembers(ports.map(({ name }) => name), ["caller", "late"])
      const late = ports.find(({ name }) => name === "late")
      assert.deepStrictEqual(called.spec.networking?.outbound, [
        { address: "127.0.0.1", port: late?.spec.port ?? 0, tags: { "kuma.io/service": "late" } }
      ])
    }).pipe(Effect.scoped), 60_000)

  it.live("names the service that a task can't call, as its port is one of the task's own", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world()
      yield* store.put({ type: "OutboundPort", mesh: "default", name: "mongo", labels: {}, spec: { port: 27_017 } })
      yield* start
      yield* define("mongo-like", yield* role("mongo-like-role", dataplaneTags), { port: 27_017 })
      const task = yield* taskIn(store, (yield* run(cluster, "mongo-like")).id, "registered")
      assert.include(condition(task, "Registered")?.message, "mongo can't be called, as its port 127.0.0.1:27017")
    }).pipe(Effect.scoped), 60_000)

  it.live("restores what somebody else removes or edits, though no event tells", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world()
      yield* start
      yield* define("firm", yield* role("firm-role", dataplaneTags))
      yield* define("gate", yield* role("gate-role", { "kuma.io/type": "ingress" }), { proxyType: "ingress" })
      const { id } = yield* run(cluster, "firm")
      const gate = yield* run(cluster, "gate")
      yield* taskIn(store, id, "registered")
      yield* taskIn(store, gate.id, "registered")
      const { labels, spec } = yield* dataplane(store, id)
      const key = { type: "Dataplane", mesh: "default", name: id } as const
      yield* store.put({ ...key, labels, spec: { networking: { ...spec.networking, address: "192.0.2.1" } } })
      yield* dataplane(store, id, (resource) => resource.spec.networking?.address === spec.networking?.address)
      yield* store.remove(key)
      yield* dataplane(store, id)
      const ingress = { type: "ZoneIngress", mesh: "", name: gate.id } as const
      yield* store.remove(ingress)
      yield* eventually(
        "the ingress again",
        store.get(ingress).pipe(Effect.catchTag("NotFound", () => Effect.succeed(undefined)))
      )
    }).pipe(Effect.scoped), 60_000)

  it.live("finds after a restart what happened meanwhile, from lists alone", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world({ createEventRules: false, resyncSeconds: 1 })
      yield* define("calm", yield* role("calm-role", dataplaneTags))
      const kept = yield* run(cluster, "calm")
      const stopped = yield* run(cluster, "calm")
      const first = yield* start
      yield* taskIn(store, kept.id, "registered")
      yield* taskIn(store, stopped.id, "registered")
      yield* Fiber.interrupt(first)

      yield* call(() => ecs.send(new StopTaskCommand({ cluster, task: stopped.arn })))
      yield* call(() => ecs.send(new SubmitTaskStateChangeCommand({ cluster, task: stopped.arn, status: "STOPPED" })))
      const { labels, spec } = yield* dataplane(store, kept.id)
      const orphan = { ...labels, "ecs-mesh.io/task": "0123456789abcdef" }
      yield* store.put({ type: "Dataplane", mesh: "default", name: "0123456789abcdef", labels: orphan, spec })
      yield* store.put({ type: "Dataplane", mesh: "default", name: "by-hand", labels: {}, spec })

      yield* start
      yield* absent(store, "Dataplane", "default", stopped.id)
      yield* absent(store, "Dataplane", "default", "0123456789abcdef")
      yield* taskIn(store, kept.id, "registered")
      yield* dataplane(store, "by-hand")
    }).pipe(Effect.scoped), 60_000)

  it.live("watches the clusters that are there, and the others once they are", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world({ clusters: ["late-cluster"], resyncSeconds: 1 })
      const labels = { "ecs-mesh.io/task": "0123456789abcdef" }
      const spec = { networking: { address: "10.0.0.1" } }
      yield* store.put({ type: "Dataplane", mesh: "default", name: "0123456789abcdef", labels, spec })
      yield* start
      yield* define("early", yield* role("early-role", dataplaneTags))
      yield* taskIn(store, (yield* run(cluster, "early")).id, "registered")
      // Its task may run in the cluster that can't be listed.
      yield* dataplane(store, "0123456789abcdef")

      yield* call(() => ecs.send(new CreateClusterCommand({ clusterName: "late-cluster" })))
      yield* taskIn(store, (yield* run("late-cluster", "early")).id, "registered")
      yield* absent(store, "Dataplane", "default", "0123456789abcdef")
      yield* taskIn(store, (yield* run(cluster, "early")).id, "registered")
    }).pipe(Effect.scoped), 60_000)

  it.live("reads a queue that somebody makes later", () =>
    Effect.gen(function*() {
      const { entries, start, queueName } = yield* world({ createEventRules: false, resyncSeconds: 1 })
      yield* start
      const { QueueUrl } = yield* call(() => sqs.send(new CreateQueueCommand({ QueueName: queueName })))
      yield* call(() => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" })))
      yield* eventually("an event", Effect.sync(() => entries.find(({ kind }) => kind === "event")))
    }).pipe(Effect.scoped), 60_000)

  it.live("leaves tasks without a sidecar alone", () =>
    Effect.gen(function*() {
      const { cluster, store, entries, start } = yield* world()
      yield* start
      yield* define("plain", yield* role("plain-role", dataplaneTags), { sidecar: false })
      const { id } = yield* run(cluster, "plain")
      const decision = yield* eventually("it is ignored", Effect.sync(() =>
        entries.find(({ kind, key }) => kind === "decision" && key === `task/${cluster}/${id}`)))
      assert.strictEqual(decision["to"], "ignored")
      yield* absent(store, "EcsTask", "", id)
    }).pipe(Effect.scoped), 60_000)

  it.live("opens a task with a health check once it is healthy, though no event tells", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world()
      yield* start
      yield* define("checked", yield* role("checked-role", dataplaneTags), { checked: true })
      const { arn, id } = yield* run(cluster, "checked")
      yield* taskIn(store, id, "registered")
      yield* containersRun(cluster, arn)
      yield* acknowledge(store, id)
      const report = (health: string) =>
        call(() =>
          ecs.send(
            new SubmitContainerStateChangeCommand({
              cluster, task: arn, containerName: "app", reason: `health:${health}`
            })
          )
        )
      yield* eventually("SidecarConnected", Effect.map(taskIn(store, id, "registered"), (seen) =>
        condition(seen, "SidecarConnected")?.status === "True" ? seen : undefined))
      assert.isFalse(isReady(yield* dataplane(store, id)))
      yield* report("HEALTHY")
      yield* dataplane(store, id, isReady)
      yield* report("UNHEALTHY")
      yield* dataplane(store, id, (resource) => !isReady(resource))
    }).pipe(Effect.scoped), 60_000)

  it.live("registers an ingress and an egress by their roles, and refuses a dataplane's role for one", () =>
    Effect.gen(function*() {
      const { cluster, store, start } = yield* world()
      yield* start
      yield* define("ingress", yield* role("ingress-role", { "kuma.io/type": "ingress" }), { proxyType: "ingress" })
      yield* define("egress", yield* role("egress-role", { "kuma.io/type": "egress" }), { proxyType: "egress" })
      yield* define("fake", yield* role("fake-role", dataplaneTags), { proxyType: "ingress" })
      const ingress = yield* run(cluster, "ingress")
      const egress = yield* run(cluster, "egress")
      const fake = yield* run(cluster, "fake")
      const task = yield* taskIn(store, ingress.id, "registered")
      assert.deepStrictEqual(task.spec.proxy, { proxyType: "ingress", mesh: "", name: ingress.id })
      const zoneIngress = yield* store.get({ type: "ZoneIngress", mesh: "", name: ingress.id })
      assert.strictEqual(zoneIngress.spec.networking?.port, 10_001)
      yield* taskIn(store, egress.id, "registered")
      const zoneEgress = yield* store.get({ type: "ZoneEgress", mesh: "", name: egress.id })
      assert.strictEqual(zoneEgress.spec.networking?.port, 10_002)
      const refused = yield* taskIn(store, fake.id, "refused")
      assert.strictEqual(condition(refused, "Accepted")?.reason, "RoleTypeMismatch")
    }).pipe(Effect.scoped), 60_000)

  it.live("deletes an event's message once its task was handled", () =>
    Effect.gen(function*() {
      const { cluster, store, start, queueName } = yield* world()
      yield* start
      yield* define("quiet", yield* role("quiet-role", dataplaneTags))
      const { id } = yield* run(cluster, "quiet")
      yield* taskIn(store, id, "registered")
      yield* emptied(queueName)
    }).pipe(Effect.scoped), 60_000)

  it.live("changes nothing when an archive repeats the events of tasks that live and of one that is gone", () =>
    Effect.gen(function*() {
      const { cluster, store, entries, start, queueName } = yield* world()
      yield* start
      const began = new Date()
      const bus = `arn:aws:events:${aws?.region}:${aws?.accountId}:event-bus/default`
      const { ArchiveArn } = yield* call(() =>
        events.send(
          new CreateArchiveCommand({
            ArchiveName: cluster,
            EventSourceArn: bus,
            EventPattern: JSON.stringify({ source: ["aws.ecs"], "detail-type": ["ECS Task State Change"] })
          })
        )
      )
      yield* define("archived", yield* role("archived-role", dataplaneTags))
      const eventsOf = (id: string) =>
        entries.filter(({ key, kind }) => kind === "event" && key === `task/${cluster}/${id}`)
      const replayedOf = (id: string) =>
        eventsOf(id).filter(({ event }) => JSON.stringify(event).includes("\"replay-name\":\"again\""))
      const living = yield* run(cluster, "archived")
      const gone = yield* run(cluster, "archived")
      for (const { id } of [living, gone]) yield* taskIn(store, id, "registered")
      yield* call(() => ecs.send(new StopTaskCommand({ cluster, task: gone.arn })))
      yield* call(() => ecs.send(new SubmitTaskStateChangeCommand({ cluster, task: gone.arn, status: "STOPPED" })))
      yield* absent(store, "EcsTask", "", gone.id)
      yield* eventually("the gone task's last event", Effect.sync(() =>
        eventsOf(gone.id).length >= 2 ? true as const : undefined))
      yield* emptied(queueName)
      const state = Effect.all([store.list("EcsTask"), store.list("Dataplane"), store.list("OutboundPort")])
      const before = yield* state
      const written = entries.filter(({ kind }) => kind === "stored").length

      yield* call(() =>
        events.send(
          new StartReplayCommand({
            ReplayName: "again",
            EventSourceArn: ArchiveArn,
            EventStartTime: new Date(began.getTime() - 60_000),
            EventEndTime: new Date(Date.now() + 1_000),
            Destination: { Arn: bus }
          })
        )
      )
      yield* eventually("the replay's end", call(async () => {
        const { State } = await events.send(new DescribeReplayCommand({ ReplayName: "again" }))
        return State === "COMPLETED" ? true as const : undefined
      }))
      yield* eventually("every replayed event", Effect.sync(() =>
        [living, gone].every(({ id }) => replayedOf(id).length > 0 && replayedOf(id).length * 2 >= eventsOf(id).length)
          ? true as const
          : undefined))
      yield* emptied(queueName)
      assert.deepStrictEqual(yield* state, before)
      assert.strictEqual(entries.filter(({ kind }) => kind === "stored").length, written)
      assert.deepStrictEqual((yield* store.list("Dataplane")).map(({ name }) => name), [living.id])
    }).pipe(Effect.scoped), 60_000)
})
