/** Reads one JSON document, refusing a key that stands twice in an object: `JSON.parse` takes the last in silence. */

/** A string literal, or one of the signs that open, part and close objects and arrays. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/** The first key that stands twice in one object, or undefined. The text must be valid JSON. */
const duplicateKey = (text: string): string | undefined => {
  const open: Array<Set<string> | null> = []
  let last: string | undefined
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{") open.push(new Set())
    else if (token === "[") open.push(null)
    else if (token === "}" || token === "]") open.pop()
    else if (token === ":" && last !== undefined) {
      const key: unknown = JSON.parse(last)
      const keys = open.at(-1)
      if (typeof key === "string" && keys) {
        if (keys.has(key)) return key
        keys.add(key)
      }
    }
    last = token.startsWith("\"") ? token : undefined
  }
  return undefined
}

export const parseJson = (text: string): { readonly value: unknown } | { readonly problem: string } => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The engine's message quotes the text, and there may be a secret in it.
    return { problem: "the body isn't valid JSON" }
  }
  const key = duplicateKey(text)
  return key === undefined ? { value } : { problem: `the key ${JSON.stringify(key)} stands twice in an object` }
}
