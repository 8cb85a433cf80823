import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { AwsClients } from "../../../src/controllers/aws/AwsClients.ts"
import { operateWith } from "../../../src/controllers/Operator.ts"
import { Journal, type JournalEntry } from "../../../src/model/Journal.ts"
import { Store } from "../../../src/model/Store.ts"
import { beset, removeAll, removeMesh } from "../../cp/store/beset.ts"
import { emptyMesh, openStore, useTestDatabases } from "../../cp/store/testDatabases.ts"
import { untilEffect } from "../../support/untilEffect.ts"
import { testAwsConfig } from "../aws/testAwsConfig.ts"
import { ACCOUNT, Book } from "./Book.ts"

const databases = useTestDatabases()

const mesh = emptyMesh()

/** An operator on a real store, in which somebody else does something right before a type is put first. */
const operateBeside = Effect.fnUntraced(function*(type: string, act: (store: Store["Service"]) => Effect.Effect<void>) {
  const store = yield* openStore(yield* Effect.promise(databases.create))
  const book = new Book()
  const journal: Array<JournalEntry> = []
  const config = testAwsConfig("", { authorizedAccountIds: [ACCOUNT], clusters: ["demo"] })
  const operate = operateWith({ zone: "zone-1", aws: config }).pipe(
    Effect.provide(Layer.mergeAll(
      Layer.succeed(AwsClients, book.clients()),
      Layer.succeed(Store, beset(store, type, act)),
      Layer.succeed(Journal, { append: (entry) => void journal.push(entry) })
    )),
    Effect.forkScoped
  )
  const told = Effect.map(Effect.orDie(store.list("EcsTask")), ([task]) =>
    task?.spec.conditions.find(({ type: about }) => about === "Registered"))
  const inMesh = Effect.map(store.listAll, (all) => all.filter(({ mesh: of }) => of !== "").map(({ type: of }) => of))
  return { book, inMesh, journal, operate, store, told }
})

describe("a mesh that is removed as a task's proxy is about to be stored", () => {
  it.live("is left with nothing, its task is told, and joins it once it is made anew", () =>
    Effect.gen(function*() {
      const { book, inMesh, journal, operate, store, told } = yield* operateBeside("Dataplane", removeMesh)
      yield* store.put(mesh)
      book.write({ id: "one", address: "10.0.0.1" })
      yield* operate
      const missing = yield* untilEffect("the task is told", told, (one) => one?.reason === "MeshMissing")
      assert.include(missing?.message, "there is no mesh \"default\": create it")
      assert.deepStrictEqual(yield* inMesh, [])
      const why = journal.filter(({ kind }) => kind === "decision").at(-1)?.["why"]
      assert.strictEqual(why, `MeshMissing: ${missing?.message}`)
      yield* store.put(mesh)
      yield* untilEffect("the task is registered", told, (one) => one?.reason === "Stored")
      assert.include(yield* inMesh, "Dataplane")
    }).pipe(Effect.scoped), 60_000)

  it.live("is given no port for a service either", () =>
    Effect.gen(function*() {
      const { book, inMesh, operate, store, told } = yield* operateBeside("OutboundPort", removeAll)
      yield* store.put(mesh)
      book.write({ id: "one", address: "10.0.0.1" })
      yield* operate
      yield* untilEffect("the task is told", told, (one) => one?.reason === "MeshMissing")
      assert.deepStrictEqual(yield* inMesh, [])
    }).pipe(Effect.scoped), 60_000)
})
