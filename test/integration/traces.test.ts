// One trace from an event of ECS to the last Envoy's acknowledgement, by way of a real collector's protocol.
import { afterAll, beforeAll, expect, it } from "vitest"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "../support/startOtlpReceiver.ts"
import { startWorld, type TestWorld } from "../support/startWorld.ts"
import { until } from "../support/until.ts"

let receiver: OtlpReceiver
let started: TestWorld
let world: DemoWorld

beforeAll(async () => {
  receiver = await startOtlpReceiver()
  started = await startWorld({
    environment: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" })
  })
  world = started.world
}, 90_000)

afterAll(async () => {
  await started?.stop()
  await receiver?.stop()
}, 30_000)

const attribute = ({ attributes }: ReceivedSpan, name: string): unknown =>
  Object.values(attributes.find(({ key }) => key === name)?.value ?? {})[0]

const nanos = (text: string): bigint => BigInt(text)

it("a task that is stopped is one trace, from its event to the last proxy that stopped calling it", async () => {
  const [victim] = (await world.demo.tasks()).filter(({ service }) => service === "kv")
  const taskId = victim?.taskId ?? ""
  const ofTask = () =>
    receiver.spans.filter((span) => span.name === "event" && String(attribute(span, "task")).endsWith(taskId))
  // What is still open when it is stopped would be one with its stop.
  const ofStart = await until("the trace of its start", ofTask, ({ length }) => length > 0)
  await world.demo.stopTask(taskId)
  const trace = await until("a trace of its stop", () => {
    const events = ofTask().filter((span) => !ofStart.includes(span))
    return events.map((event) => [event, receiver.spans.filter((span) => span.traceId === event.traceId && span !== event)] as const)
      .find(([, spans]) => spans.some(({ name }) => name === "push"))
  }, (found) => found !== undefined)
  if (trace === undefined) throw new Error("no trace")
  const [event, spans] = trace
  const named = (name: string) => spans.filter((span) => span.name === name)
  for (const name of ["look", "store", "notice", "push"]) expect(named(name).length, name).toBeGreaterThan(0)
  expect(event.parentSpanId).toBeUndefined()
  const parentOf = ({ parentSpanId }: ReceivedSpan) => [event, ...spans].find(({ spanId }) => spanId === parentSpanId)?.name
  expect(new Set(named("look").map(parentOf))).toEqual(new Set(["event"]))
  // What a look of before the event was still writing is told of as the event's.
  const decidedAt = named("look").map(({ endTimeUnixNano }) => nanos(endTimeUnixNano)).reduce((a, b) => (a < b ? a : b))
  const decided = [...named("store"), ...named("notice")]
    .filter(({ endTimeUnixNano }) => nanos(endTimeUnixNano) > decidedAt)
  expect(new Set(decided.map(parentOf))).toEqual(new Set(["look"]))
  expect(new Set(named("push").map(parentOf))).toEqual(new Set(["notice"]))
  const toEndpoints = named("push").filter((span) => attribute(span, "type") === "ClusterLoadAssignment")
  expect(toEndpoints.length).toBeGreaterThan(0)
  expect(toEndpoints.every((span) => attribute(span, "unanswered") === undefined)).toBe(true)
  const last = spans.map(({ endTimeUnixNano }) => nanos(endTimeUnixNano)).reduce((a, b) => (a > b ? a : b))
  expect(nanos(event.endTimeUnixNano)).toBeGreaterThanOrEqual(last)
}, 60_000)

it("nothing secret stands in what was sent", () => {
  const sent = receiver.bodies.join("\n")
  expect(sent).not.toMatch(/X-Amz-Signature|BEGIN [A-Z ]*PRIVATE KEY|eyJhbGciOi/)
})
