/**
 * Writes plain data as YAML, in blocks as people write it. Many times faster than a library that keeps documents: each
 * proxy that starts is given a configuration of its own. Pure.
 */

/** Text that means itself without quotes, to readers of every version of YAML. */
const PLAIN = /^[A-Za-z_][\w./-]*$/
const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n)$/i
/** Lines that may stand as they are, each indented: a PEM's. */
const LINES = /^(?:[\x21-\x7e][\x20-\x7e]*\n)+$/
/** Characters that YAML takes for line ends or doesn't take at all, and JSON lets pass. */
const UNPRINTABLE = /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Every text of JSON is one of YAML, in double quotes. */
const quoted = (text: string): string => JSON.stringify(text).replace(UNPRINTABLE, escape)

const word = (text: string): string => PLAIN.test(text) && !RESERVED.test(text) ? text : quoted(text)

/**
 * "... this also limits the length of an implicit key to 1024 characters"
 * https://yaml.org/spec/1.2.2/#742-flow-mappings
 */
const LONGEST_KEY = 1_000

const named = (key: string, indent: string): string => {
  const text = word(key)
  return text.length > LONGEST_KEY ? `${indent}? ${text}\n${indent}:` : `${indent}${text}:`
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** What stands behind a key or a dash: a space and the rest of its line, or lines of its own. */
const behind = (value: unknown, indent: string): string => {
  if (typeof value === "string") {
    return LINES.test(value) ? ` |\n${value.replace(/^(?=.)/gm, indent)}` : ` ${word(value)}\n`
  }
  if (!isObject(value)) return ` ${JSON.stringify(value) ?? "null"}\n`
  const text = block(value, indent)
  return text === "" ? ` ${Array.isArray(value) ? "[]" : "{}"}\n` : `\n${text}`
}

/** Of what many configurations have in common: its text by the indent at which it stands. */
const kept = new WeakMap<object, Map<string, string>>()

/** The same value, not to be altered any more; its text is made once, as long as it is there itself. */
export const renderedOnce = <A extends object>(value: A): A => {
  kept.set(value, new Map())
  return value
}

const block = (value: Readonly<Record<string, unknown>>, indent: string): string => {
  const texts = kept.get(value)
  if (texts === undefined) return freshBlock(value, indent)
  const text = texts.get(indent) ?? freshBlock(value, indent)
  texts.set(indent, text)
  return text
}

const freshBlock = (value: Readonly<Record<string, unknown>>, indent: string): string => {
  const deeper = `${indent}  `
  if (!Array.isArray(value)) {
    return Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => `${named(key, indent)}${behind(field, deeper)}`)
      .join("")
  }
  return value.map((item: unknown) => {
    const text = isObject(item) && !Array.isArray(item) ? block(item, deeper) : ""
    // A map begins on its dash's line.
    return text === "" ? `${indent}-${behind(item, deeper)}` : `${indent}- ${text.slice(deeper.length)}`
  }).join("")
}

/** `value`: maps, lists, texts, finite numbers, booleans and null; a field that is undefined isn't there. */
export const renderYaml = (value: Readonly<Record<string, unknown>>): string => block(value, "") || "{}\n"
