/** What Envoys counted of the configuration that they were sent. Pure. */
import type { Check } from "./Check.ts"

/** By the proxy's name, its statistics as Envoy prints them: `name: value` lines. */
export type Statistics = ReadonlyMap<string, string>

export interface Counter {
  readonly name: string
  readonly value: number
}

export const countersOf = (statistics: string, name: RegExp): ReadonlyArray<Counter> =>
  statistics.split("\n").flatMap((line) => {
    const [, found = "", value] = /^(\S+): (\d+)$/.exec(line.trim()) ?? []
    return value !== undefined && name.test(found) ? [{ name: found, value: Number(value) }] : []
  })

/** All of the counters are zero, and every proxy has at least one: what isn't counted is no zero. */
export const judgeZero = (what: string, statistics: Statistics, name: RegExp): Check => {
  const found = [...statistics].map(([proxy, text]) => ({ proxy, counters: countersOf(text, name) }))
  const without = found.filter(({ counters }) => counters.length === 0).map(({ proxy }) => proxy)
  const counted = found.flatMap(({ counters, proxy }) => counters.map((counter) => ({ ...counter, proxy })))
  const raised = counted.filter(({ value }) => value > 0)
  const seen = [
    `${raised.reduce((all, { value }) => all + value, 0)} in ${counted.length} counters of ${found.length} proxies`,
    ...raised.map((counter) => `${counter.proxy}: ${counter.name} ${counter.value}`),
    ...(without.length > 0 ? [`not counted by ${without.join(", ")}`] : [])
  ]
  return { what, seen: seen.join("; "), holds: found.length > 0 && raised.length === 0 && without.length === 0 }
}
