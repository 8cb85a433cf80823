/**
 * A secret's text as JSON with a `token`. A new token replaces the old one's characters and no others: numbers, spaces
 * and the order of the other keys stay as their owner wrote them. Pure.
 */
import { Predicate } from "effect"
import { parseJson } from "../../model/parseJson.ts"

/** The key that task definitions name behind the secret's ARN: `<arn>:token::`. */
export const TOKEN_KEY = "token"

export type SecretJson =
  /** `token`: undefined where there is no such key. */
  | { readonly ok: true; readonly token: unknown }
  /** A predicate such as `isn't JSON`; it quotes nothing of the text but a key. */
  | { readonly ok: false; readonly problem: string }

export const readSecretJson = (text: string): SecretJson => {
  const parsed = parseJson(text)
  if ("problem" in parsed) return { ok: false, problem: parsed.problem }
  const { value } = parsed
  return Predicate.isObject(value) && !Array.isArray(value)
    ? { ok: true, token: Object.hasOwn(value, TOKEN_KEY) ? Reflect.get(value, TOKEN_KEY) : undefined }
    : { ok: false, problem: "isn't a JSON object" }
}

/** Behind the JSON value that begins at `start`. */
const endOfValue = (text: string, start: number): number => {
  let depth = 0
  let index = start
  for (;;) {
    const char = text[index] ?? ""
    if (char === "\"") {
      index += 1
      while (text[index] !== "\"") index += text[index] === "\\" ? 2 : 1
    }
    if (char === "{" || char === "[") depth += 1
    // The object around it ends, or its next key comes.
    if (depth === 0 && (char === "" || ",}]:".includes(char))) return index
    if (char === "}" || char === "]") depth -= 1
    index += 1
  }
}

/** The text with `token` as this token's value. `text` is one that `readSecretJson` calls ok. */
export const withToken = (text: string, token: string): string => {
  const value = JSON.stringify(token)
  let index = text.indexOf("{") + 1
  let empty = true
  for (;;) {
    index += /^\s*/.exec(text.slice(index))?.[0].length ?? 0
    if (text[index] === "}") break
    const keyEnd = endOfValue(text, index)
    const key: unknown = JSON.parse(text.slice(index, keyEnd))
    const end = endOfValue(text, keyEnd + 1)
    if (key === TOKEN_KEY) {
      const held = text.slice(keyEnd + 1, end)
      return text.slice(0, keyEnd + 1) + held.replace(/\S(?:[\s\S]*\S)?/, () => value) + text.slice(end)
    }
    empty = false
    index = text[end] === "," ? end + 1 : end
  }
  const [tail = "}"] = /\s*\}\s*$/.exec(text) ?? []
  return `${text.slice(0, text.length - tail.length)}${empty ? "" : ","}${JSON.stringify(TOKEN_KEY)}:${value}${tail}`
}
