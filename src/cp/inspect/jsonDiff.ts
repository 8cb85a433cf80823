/**
 * What leads from one JSON document to another, as an RFC 6902 patch. Each value that goes is tested first, as Kuma's
 * patches do, so that the patch also shows what was there. Pure.
 */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

export interface PatchItem {
  readonly op: "test" | "remove" | "add"
  /** https://www.rfc-editor.org/rfc/rfc6901 */
  readonly path: string
  readonly value: Json
}

type JsonObject = { readonly [key: string]: Json }

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)

const isObject = (value: Json): value is JsonObject => typeof value === "object" && value !== null && !isList(value)

const equal = (a: Json, b: Json): boolean => {
  if (isList(a)) return isList(b) && a.length === b.length && a.every((one, at) => equal(one, b[at] ?? null))
  if (!isObject(a)) return a === b
  if (!isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key] ?? null, b[key] ?? null))
}

const child = (path: string, key: string | number): string =>
  `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`

const gone = (path: string, value: Json): ReadonlyArray<PatchItem> => [
  { op: "test", path, value },
  { op: "remove", path, value }
]

const objects = (path: string, before: JsonObject, after: JsonObject): ReadonlyArray<PatchItem> => {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return keys.flatMap((key) => {
    const [old, young] = [before[key], after[key]]
    if (young === undefined) return old === undefined ? [] : gone(child(path, key), old)
    return old === undefined
      ? [{ op: "add", path: child(path, key), value: young }]
      : jsonDiff(old, young, child(path, key))
  })
}

/** What both begin and end with stays. Of the rest one is compared with one, and what is left over goes or comes. */
const lists = (path: string, before: ReadonlyArray<Json>, after: ReadonlyArray<Json>): ReadonlyArray<PatchItem> => {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && equal(before[start] ?? null, after[start] ?? null)) start += 1
  let end = 0
  while (end < shorter - start && equal(before.at(-1 - end) ?? null, after.at(-1 - end) ?? null)) end += 1
  const old = before.slice(start, before.length - end)
  const young = after.slice(start, after.length - end)
  const both = Math.min(old.length, young.length)
  return [
    ...old.slice(0, both).flatMap((one, at) => jsonDiff(one, young[at] ?? null, child(path, start + at))),
    ...old.slice(both).flatMap((one) => gone(child(path, start + both), one)),
    ...young.slice(both).map((value, at) => ({ op: "add", path: child(path, start + both + at), value }) as const)
  ]
}

export const jsonDiff = (before: Json, after: Json, path = ""): ReadonlyArray<PatchItem> => {
  if (before === after) return []
  if (isObject(before) && isObject(after)) return objects(path, before, after)
  if (isList(before) && isList(after)) return lists(path, before, after)
  return equal(before, after) ? [] : [...gone(path, before), { op: "add", path, value: after }]
}
