/** Takes messages from the queue and deletes those that were handled. It decides nothing about them. */
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs"
import { Array as Arr, Context, Effect, Layer } from "effect"
import type { AwsCallFailed } from "./AwsCallFailed.ts"
import { AwsClients } from "./AwsClients.ts"
import { callAws } from "./callAws.ts"

export interface QueuedMessage {
  /** What deletes it, while its visibility timeout runs. */
  readonly receipt: string
  readonly body: string
}

/**
 * "Valid values: 1 to 10", and ten to a DeleteMessageBatch as well:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
 */
export const RECEIVE_AT_ONCE = 10
export const DELETE_AT_ONCE = 10

/** Long: until there is something. Short: whatever is there, also asked of all of SQS's servers. */
const POLL_SECONDS = { long: 20, short: 1 }

/** A message that isn't deleted within this time is delivered again. */
export const VISIBILITY_SECONDS = 60

export class SqsReader extends Context.Service<
  SqsReader,
  {
    /** Up to ten messages; none after 20 seconds without any, after one where the wait is short. */
    readonly receive: (
      queueUrl: string,
      wait?: "long" | "short"
    ) => Effect.Effect<ReadonlyArray<QueuedMessage>, AwsCallFailed>
    /** Deletes messages; one that can't be deleted comes back and is handled again, which changes nothing. */
    readonly remove: (queueUrl: string, receipts: ReadonlyArray<string>) => Effect.Effect<void, AwsCallFailed>
  }
>()("ecs-mesh/controllers/aws/SqsReader") {
  static readonly layer: Layer.Layer<SqsReader, never, AwsClients> = Layer.effect(
    SqsReader,
    Effect.gen(function*() {
      const { sqs } = yield* AwsClients
      return {
        receive: Effect.fnUntraced(function*(QueueUrl: string, wait: "long" | "short" = "long") {
          const answer = yield* callAws({
            service: "SQS",
            operation: "ReceiveMessage",
            within: `${POLL_SECONDS[wait] + 5} seconds`,
            run: (abortSignal) =>
              sqs.send(
                new ReceiveMessageCommand({
                  QueueUrl,
                  MaxNumberOfMessages: RECEIVE_AT_ONCE,
                  WaitTimeSeconds: POLL_SECONDS[wait],
                  VisibilityTimeout: VISIBILITY_SECONDS
                }),
                { abortSignal }
              )
          })
          return (answer.Messages ?? []).map(({ ReceiptHandle: receipt = "", Body: body = "" }) => ({ receipt, body }))
        }),
        remove: Effect.fnUntraced(function*(QueueUrl: string, receipts: ReadonlyArray<string>) {
          for (const chunk of Arr.chunksOf(receipts, DELETE_AT_ONCE)) {
            const { Failed = [] } = yield* callAws({
              service: "SQS",
              operation: "DeleteMessageBatch",
              run: (abortSignal) =>
                sqs.send(
                  new DeleteMessageBatchCommand({
                    QueueUrl,
                    Entries: chunk.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }))
                  }),
                  { abortSignal }
                )
            })
            // The call as a whole succeeds all the same. Said, as a message that comes too often ends as a dead letter.
            if (Failed.length > 0) {
              yield* Effect.logWarning("SQS kept some handled messages, which will come again").pipe(
                Effect.annotateLogs({
                  kept: Failed.length,
                  of: chunk.length,
                  reasons: [...new Set(Failed.map(({ Code, Message }) => `${Code}: ${Message ?? ""}`))]
                })
              )
            }
          }
        })
      }
    })
  )
}
