/**
 * `version` of a node's metadata: of the sidecar, its Envoy and what else it runs. It goes into the proxy's insight and
 * so to every replica: what isn't known there, or is longer than any version, is left out. Pure.
 */

export type NodeVersion = Readonly<Record<string, Readonly<Record<string, string | boolean>>>>

/** Kuma's, by their JSON names. */
const PARTS = {
  kumaDp: { texts: ["version", "gitTag", "gitCommit", "buildDate"], flag: "kumaCpCompatible" },
  envoy: { texts: ["version", "build"], flag: "kumaDpCompatible" }
} as const

/** Envoy's build is the longest: a commit, its version, and words about both, of some 100 characters. */
const MAX_LENGTH = 256
/** A sidecar runs CoreDNS beside Envoy. */
const MAX_DEPENDENCIES = 16

const record = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_LENGTH

const readPart = (part: unknown, { flag, texts }: typeof PARTS[keyof typeof PARTS]): NodeVersion[string] => {
  const fields = record(part) ?? {}
  const known: Record<string, string | boolean> = {}
  for (const name of texts) {
    const value = fields[name]
    if (isText(value)) known[name] = value
  }
  const value = fields[flag]
  if (typeof value === "boolean") known[flag] = value
  return known
}

const readDependencies = (value: unknown): NodeVersion[string] => {
  const entries = Object.entries(record(value) ?? {}).flatMap(([name, version]) =>
    isText(name) && isText(version) ? [[name, version] as const] : []
  )
  return Object.fromEntries(entries.slice(0, MAX_DEPENDENCIES))
}

/** Null where the node says nothing of it. */
export const readVersion = (metadata: Readonly<Record<string, unknown>>): NodeVersion | null => {
  const version = record(metadata["version"])
  if (version === null) return null
  const parts = {
    kumaDp: readPart(version["kumaDp"], PARTS.kumaDp),
    envoy: readPart(version["envoy"], PARTS.envoy),
    dependencies: readDependencies(version["dependencies"])
  }
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0))
}
