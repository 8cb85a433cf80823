/** Calls are written down by both ends, to a TCP server and to a file, and go on where that server doesn't listen. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { freePort } from "../../../localstack/process/freePort.ts"
import { applyFile } from "../askKumactl.ts"
import { callTimes } from "../Calls.ts"
import { judgeCalls } from "../judgeCalls.ts"
import { LogSink } from "../LogSink.ts"
import { lookUntil } from "../lookUntil.ts"
import { resource, type Scene } from "../World.ts"

const TIMES = 30
const SOME = 4

const linesWith = (text: string, part: string): number => text.split("\n").filter((line) => line.includes(part)).length

export const logCalls: Scene = async (world, tell) => {
  const [url, instances] = [world.byTag(), ["b1", "b2"]]
  const sink = new LogSink("127.0.0.20", await freePort())
  await world.start(sink.start(), () => sink.end())
  const file = join(world.folder, "calls.log")
  await applyFile(world.kumactl, resource("access-log.yaml"), { sink: `${sink.address}:${sink.port}`, file })

  const written = (path: string) => ({
    in: sink.linesWith("in to backend 200", path),
    out: sink.linesWith("\"from\":\"front\"", "\"way\":\"out\"", path)
  })
  /** Until all of some calls are written down by both ends. */
  const settle = (path: string) => {
    let round = 0
    const isWhole = (lines: ReturnType<typeof written>): boolean => lines.in === SOME && lines.out === SOME
    return lookUntil(
      async () => {
        const own = `${path}-${++round}-`
        await callTimes(`${url}${own}`, SOME)
        return await lookUntil(() => written(own), isWhole, 3_000) ?? { in: 0, out: 0 }
      },
      isWhole
    )
  }

  await settle("first")
  await callTimes(`${url}counted`, TIMES)
  const lines = await lookUntil(
    async () => ({ ...written("counted"), file: linesWith(await readFile(file, "utf8"), "counted") }),
    (seen) => Object.values(seen).every((count) => count === TIMES),
    30_000
  )
  tell({
    what: "lines of both ends",
    seen: `of ${TIMES} calls: ${Object.entries(lines ?? {}).map(([way, count]) => `${way} ${count}`).join(", ")}`,
    holds: lines !== null && Object.values(lines).every((count) => count === TIMES)
  })
  const own = await lookUntil(
    async () => linesWith(await readFile(world.proxy("front").logFile, "utf8"), "\"path\":\"/counted\""),
    (count) => count === TIMES,
    30_000
  )
  tell({ what: "lines in kuma-dp's output", seen: `of ${TIMES} calls: ${own}`, holds: own === TIMES })

  await sink.end()
  const without = await callTimes(url, TIMES)
  tell(judgeCalls("calls while nobody takes it", without, { instances, least: TIMES }))
  await sink.start()
  const back = await settle("again")
  tell({
    what: "lines once it is taken again",
    seen: `of ${SOME} calls: in ${back?.in}, out ${back?.out}`,
    holds: back?.in === SOME && back.out === SOME
  })
}
