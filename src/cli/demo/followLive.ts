/** Prints what happens as it happens: each event, each decision, each push, and who talks to whom. */
import { Effect, Option, Schema } from "effect"
import type { DemoWorld } from "./DemoWorld.ts"
import { followLines } from "./followLines.ts"
import { JournalLine } from "./JournalLine.ts"
import { narrate } from "./narrate.ts"
import { TaskNames } from "./TaskNames.ts"
import { followTraffic } from "./Traffic.ts"

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
      const stopJournal = followJournal(world.journal, (line) => {
        names.learn(line)
        const text = narrate(line, names)
        if (text !== null) console.log(text)
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
