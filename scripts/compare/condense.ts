/**
 * Of what Envoy says of itself, and of its configuration, what is there by name. How a mesh becomes listeners and
 * clusters is each control plane's own affair, and traffic's to judge; counters never agree. Pure.
 */
import { type Fields, isObject } from "./readAnswer.ts"

const STATUS = /\n?(status \w+)$/

const lastWord = (type: unknown): string => String(type).split(".").at(-1) ?? ""

/** An element's name: its own, or that of the resource in it. */
const nameIn = (element: unknown): string => {
  if (!isObject(element)) return ""
  const own = element["name"] ?? element["cluster_name"]
  if (typeof own === "string") return own
  return Object.values(element).map(nameIn).find((name) => name !== "") ?? ""
}

const sorted = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(names)].filter((name) => name !== "").sort()

/** As elements with names, which are compared by these. */
const named = (names: ReadonlyArray<string>) => sorted(names).map((name) => ({ name }))

const condenseDump = (configs: ReadonlyArray<unknown>): Fields =>
  Object.fromEntries(configs.filter(isObject).map((config) => [
    lastWord(config["@type"]),
    Object.fromEntries(Object.entries(config).flatMap(([section, elements]) => {
      const names = Array.isArray(elements) ? named(elements.map(nameIn)) : []
      return names.length === 0 ? [] : [[section, names] as const]
    }))
  ]))

const condenseResources = (resources: Fields): Fields =>
  Object.fromEntries(Object.entries(resources).map(([type, byName]) =>
    [lastWord(type), isObject(byName) ? named(Object.keys(byName)) : byName]))

/** `/type.googleapis.com~1envoy.….Listener/outbound:127.0.0.21:9001/filterChains/0`: the first two. */
const resourceAt = (pointer: unknown): string => {
  const [, type = "", name] = String(pointer).split("/").map((part) => part.replaceAll("~1", "/"))
  return [lastWord(type), ...name === undefined ? [] : [name]].join(" ")
}

const condenseDifference = (operations: unknown): unknown =>
  Array.isArray(operations) ? named(operations.filter(isObject).map(({ path }) => resourceAt(path))) : operations

/** `cluster.orders.upstream_cx_total: 1`, `server.uptime: 12`: much of the rest is there only once it was counted. */
const STAT = /^(cluster\.[^.:]+|server)\.[^\s:]*: \S/

const A_FEW = 20

/** `orders::127.0.0.22:8080::health_flags::healthy`. */
const HEALTH = /^(.+::health_flags::\S*)$/

const condenseLines = (lines: ReadonlyArray<string>): ReadonlyArray<string> | null => {
  const health = lines.flatMap((line) => HEALTH.exec(line)?.[1] ?? [])
  if (health.length > 0) return sorted(health)
  const stats = lines.flatMap((line) => STAT.exec(line)?.[1] ?? [])
  return stats.length > A_FEW ? sorted(stats) : null
}

const condenseJson = (value: unknown): Fields | null => {
  if (!isObject(value)) return null
  if (Array.isArray(value["configs"])) return condenseDump(value["configs"])
  if (!isObject(value["xds"])) return null
  const { diff, xds } = value
  return { ...diff === undefined ? {} : { diff: condenseDifference(diff) }, xds: condenseResources(xds as Fields) }
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

/** Any other answer stays as it is. */
export const condense = (answer: string): string => {
  const status = STATUS.exec(answer)
  const body = status === null ? answer : answer.slice(0, status.index)
  const condensed = body.startsWith("{") ? condenseJson(parse(body)) : condenseLines(body.split("\n"))
  if (condensed === null) return answer
  const text = Array.isArray(condensed) ? condensed.join("\n") : JSON.stringify(condensed, null, 2)
  return [text, ...status === null ? [] : [status[1]]].join("\n")
}
