import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import { afterEach, expect, it } from "vitest"
import { exportTraces } from "../../../src/cp/tracing/exportTraces.ts"
import { tracedJournal } from "../../../src/cp/tracing/tracedJournal.ts"
import { Traces } from "../../../src/cp/tracing/Traces.ts"
import { Journal, type JournalEntry } from "../../../src/model/Journal.ts"
import { type OtlpReceiver, startOtlpReceiver } from "../../support/startOtlpReceiver.ts"
import { eventually } from "../server/startControlPlane.ts"

const cleanups: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const OPTIONS = { version: "1.2.3", instanceId: "cp-1", zone: "zone-1" }

const start = async (receiver: OtlpReceiver | null) => {
  const written: Array<JournalEntry> = []
  const journal = Layer.succeed(Journal, { append: (entry) => void written.push(entry) })
  const config = receiver === null ? null : {
    url: `${receiver.url}/v1/traces`, headersSecret: "x-key=a%20b,other=c", encoding: "json" as const, ratio: 1
  }
  const runtime = ManagedRuntime.make(
    tracedJournal(journal).pipe(
      Layer.provideMerge(exportTraces(config, OPTIONS)),
      Layer.provide(Logger.layer([]))
    )
  )
  cleanups.push(() => runtime.dispose())
  const services = await runtime.runPromise(Effect.all({ journal: Journal, traces: Traces }))
  return { ...services, runtime, written }
}

const receive = async (): Promise<OtlpReceiver> => {
  const receiver = await startOtlpReceiver()
  cleanups.push(receiver.stop)
  return receiver
}

const EVENT: JournalEntry = { kind: "event", key: "task/demo/1", source: "aws.ecs", detailType: "x", event: { secret: 1 } }

it("sends what the journal is told, as one trace, and nothing of the event itself", async () => {
  const receiver = await receive()
  const { journal, runtime, traces, written } = await start(receiver)
  journal.append(EVENT)
  journal.append({ kind: "decision", key: "task/demo/1", from: "new", to: "registered", why: "w" })
  journal.append({ kind: "stored", key: "task/demo/1", op: "put", resource: "Dataplane/default/1", version: 1 })
  expect(written).toHaveLength(3)
  expect(traces?.size).toBe(1)
  await runtime.dispose()
  await eventually(() => receiver.spans.length, (length) => length === 3)
  const [look, store, event] = receiver.spans
  expect([look?.name, store?.name, event?.name]).toEqual(["look", "store", "event"])
  expect(look).toMatchObject({ traceId: event?.traceId, parentSpanId: event?.spanId })
  expect(store).toMatchObject({ traceId: event?.traceId, parentSpanId: look?.spanId })
  expect(event?.parentSpanId).toBeUndefined()
  expect(receiver.headers()).toMatchObject({ "x-key": "a b", other: "c" })
  expect(receiver.bodies.join()).toContain("ecs-mesh")
  expect(receiver.bodies.join()).not.toContain("secret")
})

it("is nothing at all where it isn't asked for: the journal is the journal itself", async () => {
  const { journal, traces, written } = await start(null)
  expect(traces).toBeNull()
  journal.append(EVENT)
  expect(written).toEqual([EVENT])
})
