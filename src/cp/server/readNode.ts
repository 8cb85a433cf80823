/**
 * What a proxy's insight tells of its node. It goes to every replica, for each proxy: what isn't known there, or is
 * longer than anything known, is left out. Pure.
 */
import type { NodeFacts } from "../insight/ProxySession.ts"
import { readVersion } from "./readVersion.ts"

const MAX_LENGTH = 256
/** kuma-dp has some ten. */
const MAX_FEATURES = 64

const readFeatures = (given: unknown): ReadonlyArray<string> => {
  const texts: ReadonlyArray<unknown> = Array.isArray(given) ? given : []
  const known = texts.filter((text): text is string => typeof text === "string" && text.length <= MAX_LENGTH)
  // kuma-dp says them in another order each time.
  return [...new Set(known)].sort().slice(0, MAX_FEATURES)
}

export const readNode = (metadata: Readonly<Record<string, unknown>>): NodeFacts => ({
  version: readVersion(metadata),
  features: readFeatures(metadata["features"])
})
