/**
 * JSON in which no object names a key twice. `JSON.parse` keeps the last of duplicates, other parsers the first:
 * where two readers may disagree on who is meant, the text is refused.
 * "The names within an object SHOULD be unique": https://www.rfc-editor.org/rfc/rfc8259#section-4
 */

const QUOTE = 34
const COMMA = 44
const ARRAY = 91
const BACKSLASH = 92
const ARRAY_END = 93
const OBJECT = 123
const OBJECT_END = 125

/** Where a string literal that starts at `start` ends (behind its closing quote). `text` is valid JSON. */
const endOfString = (text: string, start: number): number => {
  let index = start + 1
  for (let code = text.charCodeAt(index); code !== QUOTE; code = text.charCodeAt(index)) {
    index += code === BACKSLASH ? 2 : 1
  }
  return index + 1
}

/** Two spellings of one key ("a", "\u0061") are one key. */
const keyOf = (literal: string): string =>
  literal.includes("\\") ? String(JSON.parse(literal)) : literal.slice(1, -1)

/** Each proxy that comes brings two such texts: so it looks at numbers, and reads no more of them than keys. */
const firstDuplicateKey = (text: string): string | null => {
  // One entry for each open bracket: the keys of an object so far, null for an array.
  const open: Array<Set<string> | null> = []
  // In an object, a string is a key where the last structural character was `{` or `,`.
  let keyNext = false
  let index = 0
  while (index < text.length) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) {
      const end = endOfString(text, index)
      const keys = open.at(-1)
      if (keyNext && keys != null) {
        const key = keyOf(text.slice(index, end))
        if (keys.has(key)) return key
        keys.add(key)
      }
      keyNext = false
      index = end
      continue
    }
    if (code === OBJECT) open.push(new Set())
    else if (code === ARRAY) open.push(null)
    else if (code === ARRAY_END || code === OBJECT_END) open.pop()
    if (code === OBJECT || code === COMMA) keyNext = true
    index += 1
  }
  return null
}

/** An object or list that isn't closed yet: its keys so far (null for a list), and the last key or place. */
interface Open {
  readonly keys: Set<string> | null
  at: string | number
}

/** Where keys stand that their objects had before, in the text's order. */
const duplicateKeys = (text: string, most: number): ReadonlyArray<JsonPath> => {
  const found: Array<JsonPath> = []
  const open: Array<Open> = []
  let keyNext = false
  let index = 0
  while (index < text.length && found.length < most) {
    const code = text.charCodeAt(index)
    const top = open.at(-1)
    if (code === QUOTE) {
      const end = endOfString(text, index)
      if (keyNext && top !== undefined && top.keys !== null) {
        top.at = keyOf(text.slice(index, end))
        if (top.keys.has(top.at)) found.push(open.map(({ at }) => at))
        top.keys.add(top.at)
      }
      keyNext = false
      index = end
      continue
    }
    if (code === OBJECT) open.push({ keys: new Set(), at: "" })
    else if (code === ARRAY) open.push({ keys: null, at: 0 })
    else if (code === ARRAY_END || code === OBJECT_END) open.pop()
    else if (code === COMMA && typeof top?.at === "number") top.at += 1
    if (code === OBJECT || code === COMMA) keyNext = true
    index += 1
  }
  return found
}

/** `problem`: a predicate such as `isn't JSON`, for the caller to say of what. Quotes nothing of the text but a key. */
export type ParsedJson = { readonly value: unknown } | { readonly problem: string }

const parse = (text: string): ParsedJson => {
  try {
    const value: unknown = JSON.parse(text)
    return { value }
  } catch {
    // The engine's message quotes the text, and there may be a secret in it.
    return { problem: "isn't JSON" }
  }
}

export const parseJson = (text: string): ParsedJson => {
  const parsed = parse(text)
  if ("problem" in parsed) return parsed
  const duplicate = firstDuplicateKey(text)
  return duplicate === null
    ? parsed
    : { problem: `has the key ${JSON.stringify(duplicate.slice(0, 64))} twice in an object` }
}

/** Names of keys and places in lists. */
export type JsonPath = ReadonlyArray<string | number>

/** For readers who tell the author: of a key's values the last is taken. `duplicates`: the first `most` of them. */
export const parseJsonTakingLast = (
  text: string,
  most: number
): { readonly value: unknown; readonly duplicates: ReadonlyArray<JsonPath> } | { readonly problem: string } => {
  const parsed = parse(text)
  if ("problem" in parsed) return parsed
  return { ...parsed, duplicates: firstDuplicateKey(text) === null ? [] : duplicateKeys(text, most) }
}
