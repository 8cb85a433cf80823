import { GetRoleCommand, IAMClient, TagRoleCommand } from "@aws-sdk/client-iam"
import { CloudWatchEventsClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-cloudwatch-events"
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { afterAll, beforeAll, expect, it } from "vitest"
import { createServices, seedDemo, type SeededDemo } from "../../localstack/demo/seedDemo.ts"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { startEmulator, type StartedEmulator } from "../../localstack/startEmulator.ts"

let emulator: StartedEmulator
let seeded: SeededDemo

beforeAll(async () => {
  emulator = await startEmulator({ run: "process" })
  seeded = await seedDemo({
    emulator,
    controlPlaneUrl: "https://127.0.0.1:5678",
    controlPlaneCaCertFile: "/nowhere/ca.pem",
    envoy: "/nowhere/envoy"
  })
  await createServices(emulator)
})

afterAll(async () => {
  seeded?.demo.close()
  await emulator?.stop()
})

const asOperator = () => ({
  endpoint: emulator.endpoint,
  region: emulator.region,
  credentials: seeded.operatorCredentials
})

it("places the demo's three tasks, each at an address of its own", async () => {
  const tasks = await waitFor("the tasks", async () => {
    const placed = (await seeded.demo.tasks()).filter(({ lastStatus }) => lastStatus === "PENDING")
    return placed.length === 3 ? placed : undefined
  })

  expect(tasks.map(({ service }) => service).toSorted()).toEqual(["demo-app", "kv", "kv"])
  expect(new Set(tasks.map(({ address }) => address)).size).toBe(3)
})

it("allows the operator what the documented policy says, and no change of a role", async () => {
  const iam = new IAMClient(asOperator())

  const { Role } = await iam.send(new GetRoleCommand({ RoleName: "demo-kv" }))
  expect(Role?.Tags).toContainEqual({ Key: "kuma.io/service", Value: "kv" })
  await expect(iam.send(new TagRoleCommand({ RoleName: "demo-kv", Tags: [{ Key: "a", Value: "b" }] })))
    .rejects.toMatchObject({ name: "AccessDenied" })
  iam.destroy()
})

it("tells the operator of a role's changed tags by the event that CloudTrail would put", async () => {
  const sqs = new SQSClient(asOperator())
  const events = new CloudWatchEventsClient(asOperator())
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "ecs-mesh-test" }))
  const Arn = `arn:aws:sqs:${emulator.region}:${emulator.accountId}:ecs-mesh-test`
  const EventPattern = JSON.stringify({ source: ["aws.iam"], detail: { eventName: ["TagRole", "UntagRole"] } })
  await events.send(new PutRuleCommand({ Name: "ecs-mesh-test-roles", EventPattern }))
  await events.send(new PutTargetsCommand({ Rule: "ecs-mesh-test-roles", Targets: [{ Id: "queue", Arn }] }))

  await seeded.demo.tagRole("demo-kv", { team: "a" })
  await seeded.demo.untagRole("demo-kv", ["team"])

  const bodies: Array<string> = []
  await waitFor("both events", async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
    bodies.push(...Messages.map(({ Body = "" }) => Body))
    return bodies.length === 2 ? true : undefined
  })
  const [tagged, untagged] = bodies.map((body): unknown => JSON.parse(body))
  expect(tagged).toMatchObject({
    source: "aws.iam",
    "detail-type": "AWS API Call via CloudTrail",
    region: "us-east-1",
    detail: {
      eventSource: "iam.amazonaws.com",
      eventName: "TagRole",
      requestParameters: { roleName: "demo-kv", tags: [{ key: "team", value: "a" }] }
    }
  })
  expect(untagged).toMatchObject({
    detail: { eventName: "UntagRole", requestParameters: { roleName: "demo-kv", tagKeys: ["team"] } }
  })
  sqs.destroy()
  events.destroy()
})
