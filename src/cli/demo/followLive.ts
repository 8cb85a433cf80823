/** Prints what happens as it happens: each event, each decision, each push, and who talks to whom. */
import { Effect, Option, Schema } from "effect"
import type { DemoWorld } from "./DemoWorld.ts"
import { followLines } from "./followLines.ts"
import { JournalLine } from "./JournalLine.ts"
import { narrate } from "./narrate.ts"
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

/** Until the scope ends. */
export const followLive = (world: DemoWorld) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const names = new TaskNames()
      const refusals = new Refusals()
      const stopJournal = followJournal(world.journal, (line) => {
        names.learn(line)
        const text = narrate(line, names)
        if (text !== null && !(line.kind === "refused" && refusals.isRepeated(line))) console.log(text)
      })
      const stopTraffic = followTraffic(world.taskLogs, ({ destination, durationMillis, method, path, peer, proxy, status, time }) => {
        const caller = peer?.split(",")[0] ?? "somebody without a certificate"
        console.log(
          `${time.slice(11, 23)}  request   ${names.name(proxy).padEnd(18)} ` +
            `${method ?? "TCP"} ${path ?? ""} from ${caller} to ${destination}: ${status ?? ""} in ${durationMillis ?? "?"} ms`
        )
      })
      return () => {
        stopJournal()
        stopTraffic()
      }
    }),
    (stop) => Effect.sync(stop)
  )
