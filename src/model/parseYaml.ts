/** Reads YAML and JSON to plain data, refusing what parsers let pass in silence. */
import { parseAllDocuments } from "yaml"

export type ParsedText =
  | { readonly values: ReadonlyArray<unknown> }
  | { readonly problems: ReadonlyArray<string> }

/**
 * Bytes that are read of a stranger: YAML takes time by the square of how much there is, which JSON doesn't. Kuma's
 * tools send that.
 */
export const MAX_YAML = 32 * 1024

/** Aliases beyond this are a bomb, not a document. */
const MAX_ALIASES = 100

/** The parser's words, where they don't say what to do. */
const REWORDED: Readonly<Record<string, string>> = {
  "Map keys must be unique": "a key stands twice in a map",
  "With stringKeys, all keys must be strings":
    "a key is no string (a placeholder such as {{ name }} must be replaced, or stand in quotes)"
}

const reword = (message: string): string => {
  const words = message.split(" at line ")[0] ?? message
  return REWORDED[words] ?? words
}

/**
 * Every document of the text that isn't empty. A key that stands twice in a map is a problem: which of the two is
 * meant can't be known. Problems say document, line and column.
 */
export const parseYaml = (text: string): ParsedText => {
  const documents = parseAllDocuments(text, { uniqueKeys: true, stringKeys: true, prettyErrors: true, merge: true })
  if (!Array.isArray(documents)) return { values: [] }
  const problems: Array<string> = []
  const values: Array<unknown> = []
  documents.forEach((document, index) => {
    const errors = [...document.errors, ...document.warnings]
    for (const { linePos, message } of errors) {
      const place = linePos === undefined ? "" : `, line ${linePos[0].line}, column ${linePos[0].col}`
      problems.push(`document ${index + 1}${place}: ${reword(message)}`)
    }
    if (errors.length > 0) return
    try {
      const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
      if (value !== null && value !== undefined) values.push(value)
    } catch (cause) {
      problems.push(`document ${index + 1}: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
  })
  return problems.length > 0 ? { problems } : { values }
}
