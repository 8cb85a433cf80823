import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { AwsClients } from "../../../src/controllers/aws/AwsClients.ts"
import { CallBudgets, QUOTAS } from "../../../src/controllers/aws/CallBudgets.ts"
import { CallLane } from "../../../src/controllers/aws/CallLane.ts"
import { IamReader } from "../../../src/controllers/aws/IamReader.ts"
import { ACCOUNT, Book, roleArn } from "../scenarios/Book.ts"

const readerOf = (book: Book) =>
  IamReader.layer.pipe(Layer.provide(Layer.merge(Layer.succeed(AwsClients, book.clients()), CallBudgets.layer(1))))

const inBulk = Effect.provideService(CallLane, "bulk")

it.effect("a full look reads those roles anew whose answers are the oldest, as many as half of its calls allow", () =>
  Effect.gen(function*() {
    const book = new Book()
    const arns = ["a", "b", "c"].map((name) => roleArn(name))
    for (const arn of arns) book.roles.set(arn, {})
    yield* Effect.gen(function*() {
      const { forgetOldest, readRole } = yield* IamReader
      const readAll = Effect.map(inBulk(Effect.forEach(arns, (arn) => readRole(arn, false))), () =>
        book.calls.splice(0).map(([, arn]) => arn))
      assert.deepStrictEqual(yield* readAll, arns)
      assert.deepStrictEqual(yield* readAll, [])
      // Within so long half of the calls are two.
      const seconds = 4 / QUOTAS.roles.rate
      yield* forgetOldest(seconds)
      assert.deepStrictEqual(yield* readAll, arns.slice(0, 2))
      yield* forgetOldest(seconds)
      assert.deepStrictEqual(yield* readAll, [arns[0], arns[2]])
    }).pipe(Effect.provide(readerOf(book)))
  }))

it.effect("an event's look waits for no role that only the full look has read anew, and hears of its change", () =>
  Effect.gen(function*() {
    const book = new Book()
    const arn = roleArn("a")
    book.roles.set(arn, { team: "one" })
    yield* Effect.gen(function*() {
      const { forgetOldest, nextChanged, readRole } = yield* IamReader
      const teamOf = Effect.map(readRole(arn, false), ({ tags }) => tags["team"])
      assert.strictEqual(yield* teamOf, "one")
      const changed = yield* Effect.forkChild(nextChanged)
      yield* forgetOldest(60)
      assert.strictEqual(yield* inBulk(teamOf), "one")
      book.roles.set(arn, { team: "two" })
      book.calls.splice(0)
      yield* forgetOldest(60)
      assert.strictEqual(yield* teamOf, "one")
      assert.deepStrictEqual(book.calls, [])
      assert.strictEqual(yield* inBulk(teamOf), "two")
      assert.strictEqual(yield* teamOf, "two")
      assert.deepStrictEqual(yield* Fiber.join(changed), [{ account: ACCOUNT, roleName: "a" }])
      const removed = yield* Effect.forkChild(nextChanged)
      book.roles.delete(arn)
      yield* forgetOldest(60)
      yield* Effect.flip(inBulk(teamOf))
      assert.deepStrictEqual(yield* Fiber.join(removed), [{ account: ACCOUNT, roleName: "a" }])
      assert.strictEqual((yield* Effect.flip(teamOf)).kind, "absent")
    }).pipe(Effect.provide(readerOf(book)))
  }))

it.effect("an event's look reads a role anew of which an event spoke", () =>
  Effect.gen(function*() {
    const book = new Book()
    const arn = roleArn("a")
    book.roles.set(arn, { team: "one" })
    yield* Effect.gen(function*() {
      const { forget, readRole } = yield* IamReader
      const teamOf = Effect.map(readRole(arn, false), ({ tags }) => tags["team"])
      assert.strictEqual(yield* teamOf, "one")
      book.roles.set(arn, { team: "two" })
      yield* forget(ACCOUNT, "a")
      assert.strictEqual(yield* teamOf, "two")
    }).pipe(Effect.provide(readerOf(book)))
  }))
