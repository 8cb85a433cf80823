/** AWS as one operator's SDK clients meet it: the world behind latency and faults. Its calls are counted. */
import {
  DescribeClustersCommand,
  DescribeContainerInstancesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand
} from "@aws-sdk/client-ecs"
import { CloudWatchEventsClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-cloudwatch-events"
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam"
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient
} from "@aws-sdk/client-sqs"
import type { AwsClients } from "../../../src/controllers/aws/AwsClients.ts"
import {
  awsError,
  describeClusters,
  describeContainerInstances,
  describeTaskDefinition,
  describeTasks,
  getRole,
  listTasks
} from "./answers.ts"
import { lastPart } from "./families.ts"
import { STALE_MILLIS } from "./Faults.ts"
import type { OperatorProcess } from "./OperatorProcess.ts"

const REGION = { region: "us-east-1" }
const CLIENTS = {
  ecs: new ECSClient(REGION),
  iam: new IAMClient(REGION),
  events: new CloudWatchEventsClient(REGION),
  sqs: new SQSClient(REGION)
}

const sending = <C extends object>(client: C, send: unknown): C =>
  new Proxy(client, { get: (target, name) => name === "send" ? send : Reflect.get(target, name) })

/** Few to a page, so that most lists have several. */
const PAGE = 2
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue"
const LONG_POLL_MILLIS = 20_000

export class ModelAws {
  private readonly operator: OperatorProcess

  constructor(operator: OperatorProcess) {
    this.operator = operator
  }

  get clients(): AwsClients["Service"] {
    const send = (command: object, { abortSignal }: { readonly abortSignal: AbortSignal }) =>
      this.send(command, abortSignal)
    return {
      ecs: sending(CLIENTS.ecs, send),
      iam: sending(CLIENTS.iam, send),
      events: sending(CLIENTS.events, send),
      sqs: sending(CLIENTS.sqs, send),
      iamOf: () => null
    }
  }

  private send(command: object, signal: AbortSignal): Promise<unknown> {
    const { faults, scene: { time }, watch } = this.operator
    const operation = command.constructor.name.replace("Command", "")
    watch.called(operation)
    const begun = watch.next()
    return new Promise((resolve, reject) => {
      const step = this.operator.step("call")
      if (!step.begin()) return
      const finish = (settle: () => void): void => {
        if (this.operator.dead || signal.aborted) return
        time.after(2 + faults.chance(30), () => {
          if (this.operator.dead || signal.aborted) return
          time.promiseSettled()
          settle()
          step.end()
        })
      }
      const attempt = (): void => {
        if (this.operator.dead || signal.aborted) return
        if (command instanceof DescribeTasksCommand && faults.hits("DescribeTasks hangs")) return
        try {
          const answer = command instanceof ReceiveMessageCommand ? this.receive() : this.answer(command, begun)
          if (answer === null) return this.waitForMessages(signal, attempt, () => finish(() => resolve({})))
          if (!step.done()) return
          finish(() => resolve(answer))
        } catch (error) {
          finish(() => reject(error))
        }
      }
      time.after(2 + faults.chance(30), attempt)
    })
  }

  private waitForMessages(signal: AbortSignal, again: () => void, end: () => void): void {
    const { faults, scene: { queue, time } } = this.operator
    const stopTimer = time.after(LONG_POLL_MILLIS, () => {
      stopWaiting()
      end()
    })
    const stopWaiting = queue.whenThere(() => {
      stopTimer()
      time.after(1 + faults.chance(5), again)
    })
    signal.addEventListener("abort", () => {
      stopTimer()
      stopWaiting()
    })
  }

  /** Null where there is nothing yet. */
  private receive(): unknown {
    const { faults, scene: { queue }, watch } = this.operator
    if (faults.hits("ReceiveMessage fails")) throw awsError("InternalError", 500)
    const messages = queue.receive()
    if (messages.length === 0) return null
    for (const message of messages) watch.received(message)
    return { Messages: messages.map(({ body, receipt }) => ({ Body: body, ReceiptHandle: receipt })) }
  }

  private answer(command: object, begun: number): unknown {
    const { faults, scene: { queue, time, world }, watch } = this.operator
    if (command instanceof ListTasksCommand) return this.list(command.input)
    if (command instanceof DescribeTasksCommand) {
      const { cluster = "", include = [], tasks: ids = [] } = command.input
      if (faults.hits("DescribeTasks throttled")) throw awsError("ThrottlingException")
      if (faults.hits("DescribeTasks fails")) throw awsError("ServerException", 500)
      const at = time.now - (faults.hits("DescribeTasks stale") ? STALE_MILLIS : 0)
      const asked = faults.hits("DescribeTasks answers for some") ? ids.filter((_, index) => index % 2 === 1) : ids
      for (const id of asked) watch.looked(id, begun)
      return describeTasks(world, at, lastPart(cluster), asked.map(lastPart), include.includes("TAGS"))
    }
    if (command instanceof DescribeClustersCommand) {
      if (faults.hits("DescribeClusters fails")) throw awsError("ServerException", 500)
      return describeClusters(faults.hits("cluster two is unknown"))
    }
    if (command instanceof DescribeTaskDefinitionCommand) {
      if (faults.hits("DescribeTaskDefinition throttled")) throw awsError("ThrottlingException")
      return describeTaskDefinition(command.input.taskDefinition ?? "")
    }
    if (command instanceof DescribeContainerInstancesCommand) {
      if (faults.hits("DescribeContainerInstances fails")) throw awsError("ServerException", 500)
      return describeContainerInstances(command.input.containerInstances ?? [])
    }
    if (command instanceof GetRoleCommand) {
      if (faults.hits("GetRole throttled")) throw awsError("Throttling", 400)
      if (faults.hits("GetRole fails")) throw awsError("ServiceFailureException", 500)
      if (faults.hits("GetRole denied")) throw awsError("AccessDenied", 403)
      return getRole(world, time.now - (faults.hits("GetRole stale") ? STALE_MILLIS : 0), command.input.RoleName ?? "")
    }
    if (command instanceof DeleteMessageBatchCommand) {
      if (faults.hits("DeleteMessageBatch fails")) throw awsError("InternalError", 500)
      for (const { ReceiptHandle = "" } of command.input.Entries ?? []) {
        const message = queue.remove(ReceiptHandle)
        if (message !== undefined) watch.deleted(message)
      }
      if (faults.hits("DeleteMessageBatch loses its answer")) throw awsError("InternalError", 500)
      return { Successful: [], Failed: [] }
    }
    if (command instanceof GetQueueAttributesCommand && command.input.AttributeNames?.[0] !== "QueueArn") {
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: `${QUEUE}-dlq` })
      return { Attributes: { RedrivePolicy, ApproximateNumberOfMessages: String(queue.deadLetters) } }
    }
    if (faults.hits("setup of the event bus fails")) throw awsError("InternalError", 500)
    if (command instanceof PutTargetsCommand) queue.connected = true
    return command instanceof PutRuleCommand
      ? { RuleArn: `arn:aws:events:us-east-1:000000000000:rule/${command.input.Name}` }
      : { QueueUrl: "https://queue", Attributes: { QueueArn: QUEUE } }
  }

  /** The token says which list is being read, and how far: a list is of one instant. */
  private list({ cluster = "", nextToken }: ListTasksCommand["input"]) {
    const { faults, scene: { time, world } } = this.operator
    if (faults.hits("ListTasks throttled")) throw awsError("ThrottlingException")
    if (nextToken !== undefined && faults.hits("ListTasks fails at page 2")) throw awsError("ServerException", 500)
    const [at = 0, from = 0, empty = 0] = nextToken === undefined
      ? [time.now - (faults.hits("ListTasks stale") ? STALE_MILLIS : 0)]
      : nextToken.split(":").map(Number)
    if (empty === 0 && faults.hits("ListTasks with empty pages")) return { taskArns: [], nextToken: `${at}:${from}:1` }
    const all = listTasks(world, at, lastPart(cluster))
    const to = from + PAGE
    return { taskArns: all.slice(from, to), ...(to < all.length ? { nextToken: `${at}:${to}:0` } : {}) }
  }
}
