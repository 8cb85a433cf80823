import { CloudWatchEventsClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-cloudwatch-events"
import {
  type ContainerDefinition,
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type Task
} from "@aws-sdk/client-ecs"
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam"
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { EcsAgent } from "../../localstack/agent/EcsAgent.ts"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { startMinistack } from "../support/startMinistack.ts"

/** The members of a task state change event that the tests look at. */
export interface TaskEvent {
  readonly "detail-type": string
  readonly source: string
  readonly region: string
  readonly account: string
  readonly resources: ReadonlyArray<string>
  readonly detail: {
    readonly taskArn: string
    readonly version: number
    readonly desiredStatus: string
    readonly lastStatus: string
    readonly stopCode?: string
    readonly containers: ReadonlyArray<Readonly<Record<string, unknown>>>
    readonly attachments: ReadonlyArray<{
      readonly type: string
      readonly status: string
      readonly details: ReadonlyArray<{ readonly name: string; readonly value: string }>
    }>
    readonly [member: string]: unknown
  }
}

const cluster = "bench"

/** An emulated AWS with an agent, and a queue that gets every event of ECS and of IAM. */
export const startBench = async () => {
  const emulator = await startMinistack()
  const logFolder = await mkdtemp(join(tmpdir(), "ecs-mesh-agent-"))
  const client = { endpoint: emulator.endpoint, region: emulator.region, credentials: emulator.credentials }
  const ecs = new ECSClient(client)
  const sqs = new SQSClient(client)
  const iam = new IAMClient(client)
  const eventBridge = new CloudWatchEventsClient(client)

  await ecs.send(new CreateClusterCommand({ clusterName: cluster }))
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "events" }))
  const Arn = `arn:aws:sqs:${emulator.region}:${emulator.accountId}:events`
  await eventBridge.send(
    new PutRuleCommand({ Name: "events", EventPattern: JSON.stringify({ source: ["aws.ecs", "aws.iam"] }) })
  )
  await eventBridge.send(new PutTargetsCommand({ Rule: "events", Targets: [{ Id: "events", Arn }] }))

  const errors: Array<unknown> = []
  const agent = await EcsAgent.start({
    ...client,
    cluster,
    logFolder,
    cwd: logFolder,
    environment: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    secondMillis: 20,
    pollMillis: 50,
    onError: (error) => errors.push(error)
  })

  const events: Array<TaskEvent> = []
  const receive = async (): Promise<ReadonlyArray<TaskEvent>> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 })
    )
    for (const { Body = "", ReceiptHandle } of Messages) {
      const event: TaskEvent = JSON.parse(Body)
      events.push(event)
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    }
    return events
  }

  const role = async (RoleName: string): Promise<string> => {
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName,
        AssumeRolePolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" }]
        })
      })
    )
    return Role?.Arn ?? ""
  }

  const define = async (
    family: string,
    containerDefinitions: ReadonlyArray<ContainerDefinition>,
    taskRoleArn?: string
  ): Promise<string> => {
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family,
        taskRoleArn,
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        cpu: "256",
        memory: "512",
        containerDefinitions: containerDefinitions.map((container) => ({ image: `${family}:1`, ...container }))
      })
    )
    return family
  }

  const networkConfiguration = { awsvpcConfiguration: { subnets: ["subnet-1"] } }
  const runTask = async (taskDefinition: string): Promise<string> => {
    const { tasks } = await ecs.send(
      new RunTaskCommand({ cluster, taskDefinition, launchType: "FARGATE", networkConfiguration })
    )
    return tasks?.[0]?.taskArn ?? ""
  }
  const createService = (serviceName: string, taskDefinition: string, desiredCount: number) =>
    ecs.send(
      new CreateServiceCommand({
        cluster,
        serviceName,
        taskDefinition,
        desiredCount,
        launchType: "FARGATE",
        networkConfiguration
      })
    )
  const describe = async (taskArn: string): Promise<Task> => {
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [taskArn] }))
    const task = tasks?.[0]
    if (task === undefined) throw new Error(`No task ${taskArn}`)
    return task
  }
  const until = (taskArn: string, lastStatus: string): Promise<Task> =>
    waitFor(`${taskArn} ${lastStatus}`, async () => {
      const task = await describe(taskArn)
      return task.lastStatus === lastStatus ? task : undefined
    })
  const eventsOf = (taskArn: string, count: number): Promise<ReadonlyArray<TaskEvent>> =>
    waitFor(`${count} events of ${taskArn}`, async () => {
      const found = (await receive()).filter(({ detail }) => detail.taskArn === taskArn)
      return found.length >= count ? found : undefined
    })

  return {
    emulator,
    agent,
    cluster,
    logFolder,
    ecs,
    iam,
    errors,
    receive,
    role,
    define,
    runTask,
    createService,
    describe,
    until,
    eventsOf,
    stop: async (): Promise<void> => {
      await agent.stop()
      for (const open of [ecs, sqs, iam, eventBridge]) open.destroy()
      await emulator.stop()
      await rm(logFolder, { recursive: true, force: true })
    }
  }
}

export type Bench = Awaited<ReturnType<typeof startBench>>
