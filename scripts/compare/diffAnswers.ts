/**
 * In what two answers differ: structures by resource and field, `- MeshTimeout default/a spec.to[0]: …` of the first
 * and `+ …` of the second; other texts by line. Pure.
 */
import { diffLines } from "./diffLines.ts"
import { type Fields, identityOf, isObject, readAnswer } from "./readAnswer.ts"

const inOrder = (_: string, value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value

const write = (value: unknown): string => JSON.stringify(value, inOrder)

const keyed = (path: string, key: string): string =>
  /^\w+$/.test(key) ? `${path}${path === "" || path.endsWith(" ") ? "" : "."}${key}` : `${path}["${key}"]`

const told = (sign: string, path: string, value: unknown): string => `${sign} ${path.trimEnd()}: ${write(value)}`

/** Each by what it is; null where one doesn't say it, or two say the same. */
const keyedBy = (
  name: (value: unknown) => string | null,
  values: ReadonlyArray<unknown>
): ReadonlyMap<string, unknown> | null => {
  const found = new Map(values.map((value) => [name(value), value]))
  return found.has(null) || found.size < values.length ? null : found as ReadonlyMap<string, unknown>
}

const nameOf = (value: unknown): string | null =>
  isObject(value) && typeof value["name"] === "string" ? value["name"] : null

const diffFields = (path: string, first: Fields, second: Fields): ReadonlyArray<string> =>
  [...new Set([...Object.keys(first), ...Object.keys(second)])].sort().flatMap((key) => {
    const at = keyed(path, key)
    if (!Object.hasOwn(second, key)) return [told("-", at, first[key])]
    if (!Object.hasOwn(first, key)) return [told("+", at, second[key])]
    return diffValues(at, first[key], second[key])
  })

const diffKeyed = (
  pathOf: (key: string) => string,
  first: ReadonlyMap<string, unknown>,
  second: ReadonlyMap<string, unknown>
): ReadonlyArray<string> => {
  const both = [...first.keys()].filter((key) => second.has(key))
  const otherOrder = [...second.keys()].filter((key) => first.has(key))
  const order = pathOf("order")
  return [
    ...[...new Set([...first.keys(), ...second.keys()])].flatMap((key) => {
      const at = pathOf(key)
      if (!second.has(key)) return [told("-", at, first.get(key))]
      if (!first.has(key)) return [told("+", at, second.get(key))]
      return diffValues(at, first.get(key), second.get(key))
    }),
    ...write(both) === write(otherOrder) ? [] : [told("-", order, both), told("+", order, otherOrder)]
  ]
}

const diffPlaces = (
  path: string,
  first: ReadonlyArray<unknown>,
  second: ReadonlyArray<unknown>
): ReadonlyArray<string> =>
  Array.from({ length: Math.max(first.length, second.length) }, (_, place) => place).flatMap((place) => {
    const at = `${path}[${place}]`
    if (place >= second.length) return [told("-", at, first[place])]
    if (place >= first.length) return [told("+", at, second[place])]
    return diffValues(at, first[place], second[place])
  })

const OWN = /^(documents|items)$/

const diffLists = (
  path: string,
  first: ReadonlyArray<unknown>,
  second: ReadonlyArray<unknown>
): ReadonlyArray<string> => {
  const [resources, others] = [keyedBy(identityOf, first), keyedBy(identityOf, second)]
  // A resource's place is told only where it isn't an answer's own.
  const of = OWN.test(path) ? "" : `${path} `
  if (resources !== null && others !== null) return diffKeyed((key) => `${of}${key} `, resources, others)
  const [named, rest] = [keyedBy(nameOf, first), keyedBy(nameOf, second)]
  return named !== null && rest !== null
    ? diffKeyed((key) => `${path}[${key}]`, named, rest)
    : diffPlaces(path, first, second)
}

const diffValues = (path: string, first: unknown, second: unknown): ReadonlyArray<string> => {
  if (write(first) === write(second)) return []
  if (isObject(first) && isObject(second)) return diffFields(path, first, second)
  if (Array.isArray(first) && Array.isArray(second)) return diffLists(path, first, second)
  return [told("-", path, first), told("+", path, second)]
}

/** A comma at a line's end says only that something follows, which its line says. */
const withoutCommas = (answer: string): string => answer.replace(/,$/gm, "")

export const diffAnswers = (first: string, second: string): ReadonlyArray<string> => {
  const lines = diffLines(withoutCommas(first), withoutCommas(second))
  if (lines.length === 0) return []
  const [one, other] = [readAnswer(first), readAnswer(second)]
  if (one === null || other === null) return lines
  const [alone, another, ...rest] = [...one.documents, ...other.documents]
  const fields = isObject(alone) && isObject(another) && rest.length === 0 && one.documents.length === 1 &&
      (identityOf(alone) === null || identityOf(another) === null)
    ? diffFields("", alone, another)
    : diffLists("documents", one.documents, other.documents)
  const found = [...fields, ...diffLines(one.lines.join("\n"), other.lines.join("\n"))]
  // Whatever else tells them apart isn't to get lost.
  return found.length > 0 ? found : lines
}
