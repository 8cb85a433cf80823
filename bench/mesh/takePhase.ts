/** Runs one phase and says what came of it: its figures, what went to the proxies, and where the time went. */
import { join } from "node:path"
import { cpuSeconds } from "../tasks/cpuSeconds.ts"
import { clock } from "./clock.ts"
import type { Figures } from "./figures.ts"
import type { Traffic } from "./generator/orders.ts"
import type { Ground } from "./Ground.ts"
import { say } from "./runMeasurement.ts"
import { hotFunctions } from "./subject/hotFunctions.ts"

type TrafficByType = Readonly<Record<string, Traffic>>

const NOTHING: Traffic = { messages: 0, resources: 0, bytes: 0 }

const trafficBetween = (before: TrafficByType, after: TrafficByType): string =>
  Object.entries(after)
    .flatMap(([type, now]) => {
      const then = before[type] ?? NOTHING
      const [messages, resources] = [now.messages - then.messages, now.resources - then.resources]
      const kilobytes = ((now.bytes - then.bytes) / 1_000).toFixed(0)
      return messages === 0 ? [] : [`${resources} of ${type} in ${messages} messages, ${kilobytes} kB`]
    })
    .join("; ") || "nothing"

const HOT = 15

export const takePhase = async (ground: Ground, name: string, run: () => Promise<Figures>): Promise<Figures> => {
  const { generators, inspector, pids: { subject }, plan: { profile, proxies } } = ground
  const before = { at: clock(), cpu: cpuSeconds(subject), traffic: (await generators.account()).traffic }
  if (profile !== null) await inspector?.startProfile()
  const measured = await run()
  const seconds = ((clock() - before.at) / 1_000).toFixed(1)
  const figures = Object.entries(measured).map(([figure, value]) => `${figure} ${Math.round(value * 100) / 100}`)
  say(`${name}, ${seconds} s, CPU ${(cpuSeconds(subject) - before.cpu).toFixed(2)} s: ${figures.join("  ")}`)
  say(`  to proxies: ${trafficBetween(before.traffic, (await generators.account()).traffic)}`)
  if (profile !== null && inspector !== null) {
    const taken = await inspector.stopProfile(join(profile, `${name}-${proxies}.cpuprofile`))
    for (const { millis, name } of hotFunctions(taken, HOT)) say(`  ${String(millis).padStart(8)} ms  ${name}`)
  }
  return measured
}
