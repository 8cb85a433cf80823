/**
 * Whether plain data can be kept and read back as it is. JSON can say more than a database takes: NUL, halves of
 * characters, numbers beyond all. Goes without a stack, whose depth the data's sender would choose. Pure.
 */
import { sizeOf, tooManyParts } from "./tooManyParts.ts"

/** No resource comes near. */
const MAX_DEPTH = 64

/** Fields and items of lists: a MeshHTTPRoute of a thousand rules has 15,000, a Dataplane of 500 ports 6,000. */
const MAX_PARTS = 20_000

const problemOfText = (text: string): string | null => {
  if (text.includes("\0")) return "holds a NUL character, which can't be kept"
  return text.isWellFormed() ? null : "holds half of a surrogate pair, which is no character"
}

const problemOfOne = (value: unknown): string | null => {
  if (typeof value === "string") return problemOfText(value)
  return typeof value === "number" && !Number.isFinite(value) ? "holds a number that is too large" : null
}

const partsOf = (value: unknown): ReadonlyArray<unknown> => {
  if (Array.isArray(value)) return value
  return typeof value === "object" && value !== null ? Object.entries(value).flat() : []
}

/** A predicate, for the caller to say of what; null where nothing is wrong. */
export const unkeepable = (value: unknown): string | null => {
  let level: ReadonlyArray<unknown> = [value]
  let parts = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`
    for (const one of level) {
      const problem = problemOfOne(one)
      if (problem !== null) return problem
      parts += sizeOf(one)
    }
    if (parts > MAX_PARTS) return tooManyParts(value, MAX_PARTS)
    level = level.flatMap(partsOf)
  }
  return null
}
