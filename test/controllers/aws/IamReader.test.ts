import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { AwsClients } from "../../../src/controllers/aws/AwsClients.ts"
import { CallBudgets, QUOTAS } from "../../../src/controllers/aws/CallBudgets.ts"
import { IamReader } from "../../../src/controllers/aws/IamReader.ts"
import { Book, roleArn } from "../scenarios/Book.ts"

it.effect("a full look reads those roles anew whose answers are the oldest, as many as half of its calls allow", () =>
  Effect.gen(function*() {
    const book = new Book()
    const arns = ["a", "b", "c"].map((name) => roleArn(name))
    for (const arn of arns) book.roles.set(arn, {})
    const layer = IamReader.layer.pipe(
      Layer.provide(Layer.merge(Layer.succeed(AwsClients, book.clients()), CallBudgets.layer(1)))
    )
    yield* Effect.gen(function*() {
      const { forgetOldest, readRole } = yield* IamReader
      const readAll = Effect.map(Effect.forEach(arns, (arn) => readRole(arn, false)), () =>
        book.calls.splice(0).map(([, arn]) => arn))
      assert.deepStrictEqual(yield* readAll, arns)
      assert.deepStrictEqual(yield* readAll, [])
      // Within so long half of the calls are two.
      const seconds = 4 / QUOTAS.roles.rate
      yield* forgetOldest(seconds)
      assert.deepStrictEqual(yield* readAll, arns.slice(0, 2))
      yield* forgetOldest(seconds)
      assert.deepStrictEqual(yield* readAll, [arns[0], arns[2]])
    }).pipe(Effect.provide(layer))
  }))
