/**
 * How much plain data may say. Each field and each item is decoded, judged and told of at some cost, in the one process
 * that serves all: they are counted before. Goes without a stack. Pure.
 */

/** JSON of 1 MiB has half of it. YAML may say more by its aliases, and be without end. */
const MOST_COUNTED = 1_000_000

/** Its own fields, or items. */
export const sizeOf = (value: unknown): number =>
  Array.isArray(value) ? value.length : typeof value === "object" && value !== null ? Object.keys(value).length : 0

const countParts = (value: unknown): number => {
  const open: Array<unknown> = [value]
  let parts = 0
  while (open.length > 0 && parts <= MOST_COUNTED) {
    const one = open.pop()
    parts += sizeOf(one)
    if (typeof one !== "object" || one === null) continue
    for (const part of Object.values(one)) if (sizeOf(part) > 0) open.push(part)
  }
  return parts
}

/** A predicate, for the caller to say of what; null where they aren't too many. */
export const tooManyParts = (value: unknown, most: number): string | null => {
  const parts = countParts(value)
  if (parts <= most) return null
  const found = parts > MOST_COUNTED ? `more than ${MOST_COUNTED}` : String(parts)
  return `holds ${found} fields and items of lists, and may hold ${most}`
}
