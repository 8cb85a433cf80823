import { CloudWatchEventsClient, ListRulesCommand, ListTargetsByRuleCommand } from "@aws-sdk/client-cloudwatch-events"
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam"
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  SQSClient
} from "@aws-sdk/client-sqs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, References } from "effect"
import { afterAll, beforeAll, beforeEach } from "vitest"
import { AwsClients } from "../../../src/controllers/aws/AwsClients.ts"
import { EventBus } from "../../../src/controllers/aws/EventBus.ts"
import { type Emulator, startMinistack } from "../../support/startMinistack.ts"
import { scriptedAws } from "./scriptedAws.ts"
import { testAwsConfig } from "./testAwsConfig.ts"

let aws: Emulator | undefined

const use = (keys: Emulator["credentials"]): void => {
  process.env["AWS_ACCESS_KEY_ID"] = keys.accessKeyId
  process.env["AWS_SECRET_ACCESS_KEY"] = keys.secretAccessKey
}

beforeAll(async () => {
  aws = await startMinistack()
}, 60_000)
beforeEach(() => {
  if (aws !== undefined) use(aws.credentials)
})
afterAll(() => aws?.stop())

const clusterArns = ["arn:aws:ecs:us-east-1:000000000000:cluster/demo"]

/** A bus as it is made at the start of an operator: the SDK reads the keys that are set then. */
const withBus = <A, E>(queueName: string, use: (bus: EventBus["Service"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(EventBus, use).pipe(Effect.provide(
    EventBus.layer(testAwsConfig(aws?.endpoint ?? "", { queueName })).pipe(
      Layer.provide(AwsClients.layer(testAwsConfig(aws?.endpoint ?? "")))
    ),
    { local: true }
  ))

const ensure = (queueName: string) => withBus(queueName, (bus) => bus.ensure(clusterArns))

const settings = () => ({ endpoint: aws?.endpoint ?? "", region: "us-east-1" })

/** All that AWS shows of what was set up. */
const world = (queueName: string) =>
  Effect.promise(async () => {
    const sqs = new SQSClient(settings())
    const events = new CloudWatchEventsClient(settings())
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }))
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))
    const { Rules = [] } = await events.send(new ListRulesCommand({ NamePrefix: queueName }))
    const targets = await Promise.all(
      Rules.map(async ({ Name }) => (await events.send(new ListTargetsByRuleCommand({ Rule: Name }))).Targets ?? [])
    )
    const { Policy, QueueArn, RedrivePolicy } = Attributes
    const rules = Rules.map(({ EventPattern, Name }) => ({ EventPattern, Name }))
    return { Policy, QueueArn, RedrivePolicy, rules, targets }
  })

describe("the event rules and the queue", () => {
  it.live("are made where they're missing, and the same after a second start", () =>
    Effect.gen(function*() {
      const url = yield* ensure("ecs-mesh-once")
      const first = yield* world("ecs-mesh-once")
      const names = ["instances", "roles", "services", "tasks"].map((what) => `ecs-mesh-once-${what}`)
      assert.deepStrictEqual(first.rules.map(({ Name }) => Name).sort(), names)
      assert.deepStrictEqual(first.targets.flat().map(({ Arn }) => Arn), names.map(() => first.QueueArn))
      assert.include(first.RedrivePolicy, "ecs-mesh-once-dlq")
      assert.include(first.Policy, "rule/ecs-mesh-once-tasks")
      assert.strictEqual(yield* ensure("ecs-mesh-once"), url)
      assert.deepStrictEqual(yield* world("ecs-mesh-once"), first)
    }))

  it.live("that others make are asked for again where SQS is ill, and not taken for missing", () =>
    Effect.gen(function*() {
      const status = { ill: true }
      const { endpoint } = yield* scriptedAws(() =>
        status.ill
          ? { status: 400, body: { __type: "com.amazonaws.sqs#InvalidAddress", message: "no" } }
          : { status: 400, body: { __type: "com.amazonaws.sqs#QueueDoesNotExist", message: "none" } }
      )
      const config = testAwsConfig(endpoint, { createEventRules: false })
      const layer = EventBus.layer(config).pipe(Layer.provide(AwsClients.layer(config)))
      const bus = yield* Effect.provide(EventBus, yield* Layer.build(layer))
      assert.strictEqual((yield* Effect.flip(bus.ensure(clusterArns))).kind, "invalid")
      status.ill = false
      assert.isNull(yield* bus.ensure(clusterArns))
    }).pipe(Effect.scoped))

  it.live("are told to the user where the operator may not make them, and it goes on without", () =>
    Effect.gen(function*() {
      const keys = yield* Effect.promise(async () => {
        const iam = new IAMClient(settings())
        await iam.send(new CreateUserCommand({ UserName: "nobody" }))
        const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "nobody" }))
        return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" }
      })
      use(keys)
      const said: Array<string> = []
      const logger = Logger.make(({ message, fiber }) => {
        said.push(String(message), JSON.stringify(fiber.getRef(References.CurrentLogAnnotations)))
      })
      const url = yield* ensure("ecs-mesh-denied").pipe(Effect.provide(Logger.layer([logger])))
      assert.isNull(url)
      const text = said.join("\n")
      assert.include(text, "deploy/events.yaml")
      assert.include(text, "sqs:CreateQueue")
      assert.include(text, "ECS Task State Change")
    }))
})

describe("the dead-letter queue", () => {
  const queueUrl = (QueueName: string) =>
    Effect.promise(async () =>
      (await new SQSClient(settings()).send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? "")

  it.live("is found by its queue and counted", () =>
    Effect.gen(function*() {
      const url = (yield* ensure("lettered")) ?? ""
      const count = withBus("lettered", (bus) => bus.deadLetters(url))
      const queue = "arn:aws:sqs:us-east-1:000000000000:lettered-dlq"
      assert.deepStrictEqual(yield* count, { queue, messages: 0 })
      const deadLetters = yield* queueUrl("lettered-dlq")
      yield* Effect.promise(() =>
        new SQSClient(settings()).send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody: "{}" })))
      assert.deepStrictEqual(yield* count, { queue, messages: 1 })
    }))

  it.live("is none where the queue has none", () =>
    Effect.gen(function*() {
      const url = yield* queueUrl("unlettered")
      assert.isNull(yield* withBus("unlettered", (bus) => bus.deadLetters(url)))
    }))
})
