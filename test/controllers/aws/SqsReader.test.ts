import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { AwsClients } from "../../../src/controllers/aws/AwsClients.ts"
import { SqsReader } from "../../../src/controllers/aws/SqsReader.ts"
import { scriptedAws } from "./scriptedAws.ts"
import { testAwsConfig } from "./testAwsConfig.ts"

/** What is logged while ten messages and two are removed, each batch answered by the script. */
const removing = Effect.fnUntraced(function*(answer: (ids: ReadonlyArray<string>) => unknown) {
  const { endpoint, requests } = yield* scriptedAws((_, { Entries }) => ({
    body: answer((Entries as ReadonlyArray<{ readonly Id: string }>).map(({ Id }) => Id))
  }))
  const written: Array<string> = []
  const log = Logger.make((entry) => void written.push(Logger.formatJson.log(entry)))
  const layer = SqsReader.layer.pipe(Layer.provide(AwsClients.layer(testAwsConfig(endpoint))))
  const sqs = yield* Effect.provide(SqsReader, yield* Layer.build(layer))
  const receipts = Array.from({ length: 12 }, (_, index) => `receipt-${index}`)
  yield* sqs.remove(`${endpoint}/queue`, receipts).pipe(Effect.provide(Logger.layer([log])))
  return { requests, written }
})

describe("the removal of handled messages", () => {
  it.live("goes ten at a time, and says nothing where all are gone", () =>
    Effect.gen(function*() {
      const { requests, written } = yield* removing((ids) => ({ Successful: ids.map((Id) => ({ Id })), Failed: [] }))
      assert.deepStrictEqual(requests.map(([action]) => action), ["DeleteMessageBatch", "DeleteMessageBatch"])
      assert.deepStrictEqual(written, [])
    }).pipe(Effect.scoped))

  it.live("tells of those that SQS keeps though the call succeeds", () =>
    Effect.gen(function*() {
      const { written } = yield* removing((ids) => ({
        Successful: ids.slice(2).map((Id) => ({ Id })),
        Failed: ids.slice(0, 2).map((Id) => ({ Id, SenderFault: true, Code: "ReceiptHandleIsInvalid", Message: "expired" }))
      }))
      assert.strictEqual(written.length, 2)
      assert.include(written[0], "SQS kept some handled messages")
      assert.include(written[0], "\"kept\":2")
      assert.include(written[0], "ReceiptHandleIsInvalid: expired")
      assert.notInclude(written.join(), "receipt-")
    }).pipe(Effect.scoped))
})
