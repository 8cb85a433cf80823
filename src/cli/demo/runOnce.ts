/**
 * Once through: 20 requests, then a load under which one task is stopped and another takes its place; the timeline;
 * the count of failed requests. Succeeds only if every request was answered.
 */
import { relative } from "node:path"
import { Effect } from "effect"
import type { DemoTask } from "../../../localstack/demo/Demo.ts"
import { DemoFailed, type DemoWorld } from "./DemoWorld.ts"
import { followJournal } from "./followLive.ts"
import { Load, type LoadResult } from "./Load.ts"
import { Timeline } from "./Timeline.ts"
import { followTraffic } from "./Traffic.ts"
import { loadUrl, readyTasks } from "./untilServing.ts"

const REQUESTS = 20
const REPLACED_WITHIN_MILLIS = 60_000

const summary = (what: string, { answered, durations, failures, sent }: LoadResult): string => {
  const at = (share: number): string => (durations[Math.floor(durations.length * share)] ?? 0).toFixed(1)
  return `${what}: ${answered} of ${sent} answered, ${failures.length} failed (p50 ${at(0.5)} ms, p99 ${at(0.99)} ms)`
}

const kvTasks = async (world: DemoWorld): Promise<ReadonlyArray<DemoTask>> =>
  (await world.demo.tasks()).filter(({ desiredStatus, service }) => service === "kv" && desiredStatus === "RUNNING")

/** Waits until the stopped task has left the mesh and ECS, and its replacement serves. */
const untilReplaced = Effect.fn("untilReplaced")(function*(world: DemoWorld, stopped: string) {
  const until = Date.now() + REPLACED_WITHIN_MILLIS
  while (Date.now() < until) {
    const done = yield* Effect.promise(async () => {
      const ready = await readyTasks(world, "kv")
      const known = (await world.demo.tasks()).map(({ taskId }) => taskId)
      return ready.length === 2 && !ready.includes(stopped) && !known.includes(stopped)
    })
    if (done) return
    yield* Effect.sleep("100 millis")
  }
  return yield* new DemoFailed({ message: `task ${stopped} wasn't replaced within ${REPLACED_WITHIN_MILLIS / 1000} s` })
})

/** `keptJournal`: where the journal will be once everything has ended. */
export const runOnce = Effect.fn("runOnce")(function*(world: DemoWorld, keptJournal: string) {
  const timeline = new Timeline()
  const peers = new Map<string, number>()
  const stopJournal = followJournal(world.journal, (line) => timeline.add(line))
  const beganAt = Date.now()
  const stopTraffic = followTraffic(world.taskLogs, ({ destination, peer, time }) => {
    // What was asked until the mesh served is none of the requests that are counted.
    if (Date.parse(time) < beganAt) return
    const pair = `${peer?.split(",")[0] ?? "somebody without a certificate"} -> ${destination}`
    peers.set(pair, (peers.get(pair) ?? 0) + 1)
  })

  const first = yield* Effect.promise(() => Load.send(loadUrl(world), REQUESTS))
  console.log(`\n${summary(`${REQUESTS} requests`, first)}`)

  const [victim] = yield* Effect.promise(() => kvTasks(world))
  if (victim === undefined) return yield* new DemoFailed({ message: "no task of kv is running" })
  const load = new Load(loadUrl(world), { concurrency: 4, pauseMillis: 5 })
  console.log(`under load: stopping task ${victim.taskId.slice(0, 8)} of kv; its service starts another`)
  const replaced = yield* Effect.promise(() => world.demo.stopTask(victim.taskId)).pipe(
    Effect.andThen(untilReplaced(world, victim.taskId)),
    Effect.exit
  )
  const second = yield* Effect.promise(() => load.finish())
  console.log(summary("under load", second))
  yield* replaced

  // The journal is written within a tenth of a second; Envoys flush their logs each second.
  yield* Effect.sleep("1500 millis")
  stopJournal()
  stopTraffic()
  console.log(`\nTimeline\n\n${timeline.render()}`)
  console.log("\nWho talked to whom, by the certificates that the callers showed")
  for (const [pair, count] of peers) console.log(`  ${pair}  ${count} requests`)

  console.log(`\nThe journal of all this: bin/ecs-mesh replay ${relative(process.cwd(), keptJournal)}`)
  const failures = [...first.failures, ...second.failures]
  console.log(`\n${first.sent + second.sent} requests, ${failures.length} failed`)
  const untold = timeline.taskIds.filter((taskId) => !timeline.isWhole(taskId))
  if (failures.length > 0 || untold.length > 0) {
    for (const { at, why } of failures.slice(0, 10)) console.log(`  ${new Date(at).toISOString().slice(11, 23)}  ${why}`)
    return yield* new DemoFailed({
      message: failures.length > 0
        ? `${failures.length} requests failed; the logs are in ${world.folder}`
        : `the timeline of ${untold.map((id) => timeline.names.name(id)).join(", ")} lacks a step from event to ACK`
    })
  }
})
