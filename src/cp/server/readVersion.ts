/**
 * `version` of a node's metadata: of the sidecar, its Envoy and what else it runs. It goes into the proxy's insight and
 * so to every replica: what isn't known there, or is longer than any version, is left out. Pure.
 */

import { KUMA_VERSION } from "../api/kumaVersion.ts"

export type NodeVersion = Readonly<Record<string, Readonly<Record<string, string | boolean>>>>

/** Kuma's, by their JSON names. */
const PARTS = {
  kumaDp: ["version", "gitTag", "gitCommit", "buildDate"],
  envoy: ["version", "build"]
} as const

/** Envoy's build is the longest: a commit, its version, and words about both, of some 100 characters. */
const MAX_LENGTH = 256
/** A sidecar runs CoreDNS beside Envoy. */
const MAX_DEPENDENCIES = 16

const record = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_LENGTH

const readTexts = (part: unknown, names: ReadonlyArray<string>): NodeVersion[string] => {
  const fields = record(part) ?? {}
  return Object.fromEntries(names.flatMap((name) => {
    const value = fields[name]
    return isText(value) ? [[name, value] as const] : []
  }))
}

const numbersOf = (version: string): readonly [major: number, minor: number] | null => {
  const [, major, minor] = /^v?(\d+)\.(\d+)\.\d/.exec(version) ?? []
  return major === undefined || minor === undefined ? null : [Number(major), Number(minor)]
}

const [MAJOR, MINOR] = numbersOf(KUMA_VERSION) ?? [0, 0]

/** Kuma's rule: two minor versions about. A version that says none is a build of somebody's own. */
const goesWithUs = (version: unknown): boolean => {
  const numbers = typeof version === "string" ? numbersOf(version) : null
  if (numbers === null) return true
  const [major, minor] = numbers
  // Our own sidecar's: no Kuma of that age speaks this API.
  if (major < MAJOR) return true
  return major === MAJOR && Math.abs(minor - MINOR) <= 2
}

/** What Kuma's control plane judges by itself. A flag that is false is left out, as it is there: tools warn of it. */
const readKumaDp = (part: unknown): NodeVersion[string] => {
  const texts = readTexts(part, PARTS.kumaDp)
  const compatible = Object.keys(texts).length > 0 && goesWithUs(texts["version"])
  return compatible ? { ...texts, kumaCpCompatible: true } : texts
}

const readEnvoy = (part: unknown): NodeVersion[string] => ({
  ...readTexts(part, PARTS.envoy),
  ...record(part)?.["kumaDpCompatible"] === true ? { kumaDpCompatible: true } : {}
})

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
    kumaDp: readKumaDp(version["kumaDp"]),
    envoy: readEnvoy(version["envoy"]),
    dependencies: readDependencies(version["dependencies"])
  }
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0))
}
