/** Reads what a client asks, as protobuf's JSON has it: each field by its own name or in camel case. Pure. */
import { parseDuration, parseMeshDuration } from "../../model/parseDuration.ts"
import { parseJson } from "../../model/parseJson.ts"

export interface DiscoveryRequest {
  /** What it calls itself: Prometheus' `client_id`, by default its host's name. */
  readonly clientId: string
  /** Of what it has; empty at first. */
  readonly version: string
  /** Empty: all. */
  readonly names: ReadonlySet<string>
}

/** Prometheus names none; each that is named is looked for with every change of it. */
const MOST_NAMES = 100

export type ReadRequest = { readonly request: DiscoveryRequest } | { readonly problem: string }

const textIn = (object: Readonly<Record<string, unknown>>, ...names: ReadonlyArray<string>): string | undefined => {
  const value = names.map((name) => object[name]).find((one) => one !== undefined && one !== null)
  return value === undefined ? "" : typeof value === "string" ? value : undefined
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  value === undefined || value === null
    ? {}
    : typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : undefined

export const readDiscoveryRequest = (body: string): ReadRequest => {
  const parsed = parseJson(body)
  if ("problem" in parsed) return { problem: `the body ${parsed.problem}` }
  const request = parsed.value === null || parsed.value === undefined ? undefined : objectOf(parsed.value)
  if (request === undefined) return { problem: "the body isn't a JSON object" }
  const node = objectOf(request["node"])
  if (node === undefined) return { problem: "node isn't an object" }
  const version = textIn(request, "version_info", "versionInfo")
  if (version === undefined) return { problem: "version_info isn't text" }
  const clientId = textIn(node, "id")
  if (clientId === undefined) return { problem: "node.id isn't text" }
  const given = request["resource_names"] ?? request["resourceNames"] ?? []
  if (!Array.isArray(given)) return { problem: "resource_names isn't a list of names" }
  const names = given.filter((name): name is string => typeof name === "string")
  if (names.length < given.length) return { problem: "resource_names isn't a list of names" }
  if (names.length > MOST_NAMES) {
    return { problem: `resource_names has more than ${MOST_NAMES} names: leave it out to be told of all` }
  }
  return { request: { clientId, version, names: new Set(names) } }
}

/** How long to wait for a change, in milliseconds; null where it can't be read. Prometheus writes `2m`, also `1d`. */
export const readFetchTimeout = (text: string | null, otherwise: number): number | null => {
  if (text === null || text === "") return otherwise
  return parseDuration(text) ?? parseMeshDuration(text) ?? null
}
