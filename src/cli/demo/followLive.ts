/** Prints what happens as it happens: each event, each decision, each push, and who talks to whom. */
import { Effect, Option, Schema } from "effect"
import type { DemoWorld } from "./DemoWorld.ts"
import { followLines } from "./followLines.ts"
import { InOrder } from "./InOrder.ts"
import { JournalLine } from "./JournalLine.ts"
import { narrate } from "./narrate.ts"
import { restartEnded } from "./restartEnded.ts"
import { TaskNames } from "./TaskNames.ts"
import { followTraffic } from "./Traffic.ts"

const REPEAT_AFTER_MILLIS = 60_000

/** A refused sidecar asks again and again; the same answer is news once a minute. */
class Refusals {
  readonly #told = new Map<string, number>()

  isRepeated({ key, reason, time }: Extract<JournalLine, { kind: "refused" }>): boolean {
    const what = `${key} ${reason}`
    const at = Date.parse(time)
    if (at - (this.#told.get(what) ?? -Infinity) < REPEAT_AFTER_MILLIS) return true
    this.#told.set(what, at)
    return false
  }
}

const decode = Schema.decodeUnknownOption(JournalLine)

/** Calls back with each line of the journal that is understood. Returns how to stop. */
export const followJournal = (path: string, onLine: (line: JournalLine) => void): () => void =>
  followLines(path, (text) => {
    const line = Option.getOrUndefined(decode(text))
    if (line !== undefined) onLine(line)
  })

const row = (time: string, what: string, who: string, text: string): string =>
  `${time.slice(11, 23)}  ${what.padEnd(9)} ${who.padEnd(18)} ${text}`

const printLive = (world: DemoWorld) => {
  const names = new TaskNames()
  const refusals = new Refusals()
  const lines = new InOrder((text) => console.log(text))
  const stopJournal = followJournal(world.journal, (line) => {
    names.learn(line)
    const text = narrate(line, names)
    if (text !== null && !(line.kind === "refused" && refusals.isRepeated(line))) lines.add(line.time, text)
  })
  const stopTraffic = followTraffic(world.taskLogs, (request) => {
    const { destination, durationMillis, method, path, peer, proxy, status, time } = request
    const caller = peer?.split(",")[0] ?? "somebody without a certificate"
    const asked = `${method ?? "TCP"} ${path ?? ""} from ${caller} to ${destination}`
    lines.add(time, row(time, "request", names.name(proxy), `${asked}: ${status ?? ""} in ${durationMillis ?? "?"} ms`))
  })
  const say = (text: string): void => {
    const time = new Date().toISOString()
    lines.add(time, row(time, "CONTROL", "control plane", text))
  }
  const stop = (): void => {
    stopJournal()
    stopTraffic()
    lines.flush()
  }
  return { say, stop }
}

/** Until the scope ends. */
export const followLive = Effect.fn("followLive")(function*(world: DemoWorld) {
  const { say } = yield* Effect.acquireRelease(
    Effect.sync(() => printLive(world)),
    ({ stop }) => Effect.sync(stop)
  )
  yield* Effect.forkScoped(restartEnded(world, say))
})
