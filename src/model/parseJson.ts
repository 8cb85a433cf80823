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

/** `problem`: a predicate such as `isn't JSON`, for the caller to say of what. Quotes nothing of the text but a key. */
export type ParsedJson = { readonly value: unknown } | { readonly problem: string }

export const parseJson = (text: string): ParsedJson => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The engine's message quotes the text, and there may be a secret in it.
    return { problem: "isn't JSON" }
  }
  const duplicate = firstDuplicateKey(text)
  return duplicate === null
    ? { value }
    : { problem: `has the key ${JSON.stringify(duplicate.slice(0, 64))} twice in an object` }
}
