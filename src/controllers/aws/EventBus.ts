/**
 * Makes sure that ECS's and IAM's events reach the queue: rules, queue, dead-letter queue and the queue's policy.
 * Doing it again changes nothing. Without the permissions it says what to create and the operator goes on with its
 * periodic lists alone.
 */
import { PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-cloudwatch-events"
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand
} from "@aws-sdk/client-sqs"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { OperatorAwsConfig } from "../OperatorConfig.ts"
import { accountOf } from "../arn.ts"
import { AwsCallFailed } from "./AwsCallFailed.ts"
import { AwsClients } from "./AwsClients.ts"
import { callAws } from "./callAws.ts"
import { type EventRule, eventRules, IAM_HOME_REGION, neededPermissions, queuePolicy } from "./eventRules.ts"

/** Somebody else has to do something about it; anything else may be gone when it is tried again. */
const isWithheld = ({ kind }: AwsCallFailed): boolean => kind === "denied" || kind === "absent"

/** Deliveries of one message before it is put aside in the dead-letter queue. */
const MAX_RECEIVES = 5

export interface DeadLetters {
  /** The dead-letter queue's ARN. */
  readonly queue: string
  /** About so many, as SQS counts. */
  readonly messages: number
}

const readRedrivePolicy = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ deadLetterTargetArn: Schema.String }))
)

export class EventBus extends Context.Service<
  EventBus,
  {
    /**
     * URL of the queue, or null where there is none to read: then only the periodic lists say what changed. It may be
     * there when it is asked for again.
     */
    readonly ensure: (clusterArns: ReadonlyArray<string>) => Effect.Effect<string | null, AwsCallFailed>
    /** What is put aside of this queue's messages; null where nothing is. */
    readonly deadLetters: (queueUrl: string) => Effect.Effect<DeadLetters | null, AwsCallFailed>
  }
>()("ecs-mesh/controllers/aws/EventBus") {
  static readonly layer = (config: OperatorAwsConfig): Layer.Layer<EventBus, never, AwsClients> =>
    Layer.effect(
      EventBus,
      Effect.gen(function*() {
        const { events, sqs } = yield* AwsClients
        const { queueName } = config

        const attributesOf = (QueueUrl: string, AttributeNames: Array<QueueAttributeName>) =>
          callAws({
            service: "SQS",
            operation: "GetQueueAttributes",
            run: (abortSignal) =>
              sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }), { abortSignal })
          }).pipe(Effect.map(({ Attributes = {} }): Partial<Record<string, string>> => Attributes))

        const queueArn = (queueUrl: string) =>
          Effect.map(attributesOf(queueUrl, ["QueueArn"]), ({ QueueArn = "" }) => QueueArn)

        const urlOf = (QueueName: string, QueueOwnerAWSAccountId?: string) =>
          callAws({
            service: "SQS",
            operation: "GetQueueUrl",
            run: (abortSignal) =>
              sqs.send(new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId }), { abortSignal })
          }).pipe(Effect.map((answer) => answer.QueueUrl ?? null))

        const existingQueue = urlOf(queueName)

        const deadLetters = Effect.fn("EventBus.deadLetters")(function*(queueUrl: string) {
          const { RedrivePolicy } = yield* attributesOf(queueUrl, ["RedrivePolicy"])
          const policy = Option.getOrNull(readRedrivePolicy(RedrivePolicy))
          if (policy === null) return null
          const queue = policy.deadLetterTargetArn
          const url = yield* urlOf(queue.slice(queue.lastIndexOf(":") + 1), accountOf(queue))
          if (url === null) return null
          const { ApproximateNumberOfMessages = "0" } = yield* attributesOf(url, ["ApproximateNumberOfMessages"])
          return { queue, messages: Number(ApproximateNumberOfMessages) }
        })

        /** CreateQueue refuses to run again with other attributes, so these are set apart from it. */
        const ensureQueue = Effect.fn("EventBus.ensureQueue")(function*(
          QueueName: string,
          attributes: Record<string, string>
        ) {
          const { QueueUrl = "" } = yield* callAws({
            service: "SQS",
            operation: "CreateQueue",
            run: (abortSignal) => sqs.send(new CreateQueueCommand({ QueueName }), { abortSignal })
          })
          yield* setAttributes(QueueUrl, attributes)
          return QueueUrl
        })

        const setAttributes = (QueueUrl: string, Attributes: Record<string, string>) =>
          callAws({
            service: "SQS",
            operation: "SetQueueAttributes",
            run: (abortSignal) => sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }), { abortSignal })
          })

        const putRule = (rule: EventRule) =>
          callAws({
            service: "EventBridge",
            operation: "PutRule",
            run: (abortSignal) =>
              events.send(
                new PutRuleCommand({
                  Name: rule.name,
                  Description: rule.description,
                  EventPattern: JSON.stringify(rule.pattern)
                }),
                { abortSignal }
              )
          }).pipe(Effect.map((answer) => answer.RuleArn ?? ""))

        const putTarget = Effect.fn("EventBus.putTarget")(function*(rule: EventRule, arn: string) {
          const answer = yield* callAws({
            service: "EventBridge",
            operation: "PutTargets",
            run: (abortSignal) =>
              events.send(
                new PutTargetsCommand({ Rule: rule.name, Targets: [{ Id: "ecs-mesh", Arn: arn }] }),
                { abortSignal }
              )
          })
          const failed = answer.FailedEntries?.[0]
          if (failed === undefined) return
          return yield* new AwsCallFailed({
            service: "EventBridge",
            operation: "PutTargets",
            kind: "invalid",
            code: failed.ErrorCode ?? "FailedEntry",
            message: failed.ErrorMessage ?? `rule ${rule.name} took no target`
          })
        })

        const create = Effect.fn("EventBus.create")(function*(clusterArns: ReadonlyArray<string>) {
          const deadLetters = yield* ensureQueue(`${queueName}-dlq`, { MessageRetentionPeriod: "1209600" })
          const deadLetterTargetArn = yield* queueArn(deadLetters)
          const queueUrl = yield* ensureQueue(queueName, {
            VisibilityTimeout: "60",
            MessageRetentionPeriod: "86400",
            RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MAX_RECEIVES })
          })
          const arn = yield* queueArn(queueUrl)
          const rules = eventRules(queueName, clusterArns)
          const ruleArns = yield* Effect.forEach(rules, putRule)
          yield* setAttributes(queueUrl, { Policy: queuePolicy(arn, ruleArns) })
          yield* Effect.forEach(rules, (rule) => putTarget(rule, arn))
          return queueUrl
        })

        let told: string | undefined
        /** Told once for each outcome; the queue may have been made by somebody who is allowed to. */
        const withoutPermission = Effect.fn("EventBus.withoutPermission")(function*(
          failure: AwsCallFailed,
          clusterArns: ReadonlyArray<string>
        ) {
          const queueUrl = yield* existingQueue.pipe(
            Effect.catchIf(isWithheld, () => Effect.succeed(null))
          )
          const warning = queueUrl === null
            ? "No event queue: only the periodic lists show changes. Create it (deploy/events.yaml) or allow it"
            : "The event rules could not be checked; events are read from the queue that is there"
          if (warning === told) return queueUrl
          told = warning
          yield* Effect.logWarning(warning).pipe(Effect.annotateLogs({
            denied: `${failure.service}:${failure.operation}`,
            reason: failure.message,
            policy: JSON.stringify(neededPermissions(queueName)),
            rules: JSON.stringify(eventRules(queueName, clusterArns))
          }))
          return queueUrl
        })

        if (config.region !== IAM_HOME_REGION[config.partition]) {
          yield* Effect.logInfo(
            "IAM's events stay in the partition's home region: forward them to this region's default event bus " +
              "(deploy/iam-events.yaml), or role tags are seen only when they are reread"
          ).pipe(Effect.annotateLogs({ homeRegion: IAM_HOME_REGION[config.partition], region: config.region }))
        }

        const ensure = Effect.fn("EventBus.ensure")(function*(clusterArns: ReadonlyArray<string>) {
          if (!config.createEventRules) {
            return yield* existingQueue.pipe(
              Effect.catchIf(isWithheld, (failure) => withoutPermission(failure, clusterArns))
            )
          }
          return yield* create(clusterArns).pipe(
            Effect.catchIf((failure) => failure.kind === "denied", (failure) => withoutPermission(failure, clusterArns))
          )
        })

        return { ensure, deadLetters }
      })
    )
}
