import {
  CloudWatchEventsClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand
} from "@aws-sdk/client-cloudwatch-events"
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand
} from "@aws-sdk/client-ecs"
import { CreateRoleCommand, GetRoleCommand, IAMClient } from "@aws-sdk/client-iam"
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { afterAll, beforeAll, expect, it } from "vitest"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { localstackSubnet } from "../support/localstackSubnet.ts"
import { startLocalstack } from "../support/startLocalstack.ts"

let localstack: Awaited<ReturnType<typeof startLocalstack>>

beforeAll(async () => {
  localstack = await startLocalstack()
}, 90_000)

afterAll(async () => {
  await localstack?.stop()
})

const client = () => ({
  endpoint: localstack.endpoint,
  region: localstack.region,
  credentials: localstack.credentials
})

it("keeps a task RUNNING however often it is described, until StopTask", async () => {
  const ecs = new ECSClient(client())
  const cluster = "demo"
  await ecs.send(new CreateClusterCommand({ clusterName: cluster }))
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: "kv",
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      cpu: "256",
      memory: "512",
      containerDefinitions: [{ name: "kv", image: "kv:1", memory: 512, portMappings: [{ containerPort: 5051 }] }]
    })
  )
  const subnet = await localstackSubnet(localstack)
  const { tasks: started } = await ecs.send(
    new RunTaskCommand({
      cluster,
      taskDefinition: "kv",
      launchType: "FARGATE",
      networkConfiguration: { awsvpcConfiguration: { subnets: [subnet], securityGroups: [] } }
    })
  )
  const taskArn = started?.[0]?.taskArn ?? ""
  const describe = async () =>
    (await ecs.send(new DescribeTasksCommand({ cluster, tasks: [taskArn] }))).tasks?.[0]

  for (let time = 0; time < 6; time++) expect((await describe())?.lastStatus).toBe("RUNNING")
  expect((await ecs.send(new ListTasksCommand({ cluster }))).taskArns).toEqual([taskArn])
  expect((await describe())?.attachments?.[0]?.type).toBe("ElasticNetworkInterface")
  await ecs.send(new StopTaskCommand({ cluster, task: taskArn }))
  expect((await describe())?.lastStatus).toBe("STOPPED")
  ecs.destroy()
})

it("carries an event of aws.ecs from EventBridge to a queue, which MiniStack refuses to put", async () => {
  const sqs = new SQSClient(client())
  const events = new CloudWatchEventsClient(client())
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "events" }))
  const Arn = `arn:aws:sqs:${localstack.region}:${localstack.accountId}:events`
  await events.send(new PutRuleCommand({ Name: "tasks", EventPattern: JSON.stringify({ source: ["aws.ecs"] }) }))
  await events.send(new PutTargetsCommand({ Rule: "tasks", Targets: [{ Id: "events", Arn }] }))

  await events.send(
    new PutEventsCommand({
      Entries: [{ Source: "aws.ecs", DetailType: "ECS Task State Change", Detail: JSON.stringify({ version: 1 }) }]
    })
  )

  const body = await waitFor("the event", async () =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }))).Messages?.[0]?.Body)
  expect(JSON.parse(body)).toMatchObject({
    source: "aws.ecs",
    "detail-type": "ECS Task State Change",
    detail: { version: 1 }
  })
  sqs.destroy()
  events.destroy()
})

it("keeps a role's tags", async () => {
  const iam = new IAMClient(client())
  await iam.send(
    new CreateRoleCommand({
      RoleName: "kv",
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [] }),
      Tags: [{ Key: "kuma.io/service", Value: "kv" }]
    })
  )

  const { Role } = await iam.send(new GetRoleCommand({ RoleName: "kv" }))

  expect(Role?.Tags).toEqual([{ Key: "kuma.io/service", Value: "kv" }])
  expect(Role?.RoleId).toMatch(/^AROA/)
  iam.destroy()
})

it("listens on 127.0.0.1 and on no other address", async () => {
  const { port } = new URL(localstack.endpoint)
  await expect(fetch(`http://127.0.0.2:${port}/_localstack/health`)).rejects.toThrow()
})
