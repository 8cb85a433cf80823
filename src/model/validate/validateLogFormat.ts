/**
 * The format of an access log: Kuma's rules, and that Envoy can read it. A listener with a format that it can't read is
 * refused whole, and so all that is called by it would stay as it was.
 */
import type { LogFormat } from "../MeshAccessLog.ts"
import { KUMA_PREFIX, KUMA_WORDS, type LogCommand, readCommands } from "../logFormat.ts"
import type { Violation } from "../Violation.ts"
import { LOG_COMMANDS } from "./logCommands.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const isKumaWord = (name: string): boolean => KUMA_WORDS.some((word) => `${KUMA_PREFIX}${word}` === name)

const problemOf = ({ isCut, name, parameters }: LogCommand): string | undefined => {
  const isBare = parameters === null && !isCut
  if (name.startsWith(KUMA_PREFIX)) {
    if (isKumaWord(name)) return isBare ? undefined : `%${name}% takes no parameters and no length`
    return `unknown placeholder %${name}%: there are ${KUMA_WORDS.map((word) => `%${KUMA_PREFIX}${word}%`).join(", ")}`
  }
  const takes = LOG_COMMANDS.get(name)
  if (takes === undefined) return `unknown command operator %${name}%`
  if (takes === "nothing" && !isBare) return `%${name}% takes no parameters and no length`
  return takes === "something" && !parameters ? `%${name}(...)% needs parameters` : undefined
}

/** Envoy's words and Kuma's in one text. */
export const validateLogText = (text: string, path: string): ReadonlyArray<Violation> => {
  const problems = readCommands(text).map((one) =>
    "rest" in one
      ? `a percent sign that begins no command operator: "${one.rest.slice(0, 20)}"; %% writes one`
      : problemOf(one))
  return [...new Set(problems)].flatMap((message) => (message === undefined ? [] : [{ field: path, message }]))
}

const isJsonObject = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const validatePlain = (plain: string | undefined, path: string): ReadonlyArray<Violation> => {
  if (plain === undefined) return [{ field: path, message: "must be defined" }]
  return plain === "" ? [{ field: path, message: "must not be empty" }] : validateLogText(plain, path)
}

const validateJson = (json: LogFormat["json"], path: string): ReadonlyArray<Violation> => {
  if (json === undefined) return [{ field: path, message: "must be defined" }]
  return [
    ...violationIf(json.length === 0, path, "must not be empty"),
    ...inEach(path, json, ({ key, value }, at) => [
      ...violationIf(key === "", field(at, "key"), "key cannot be empty"),
      ...violationIf(value === "", field(at, "value"), "value cannot be empty"),
      ...violationIf(!isJsonObject(`{"${key}": "${value}"}`), at, "is not a valid JSON object"),
      ...validateLogText(value, field(at, "value"))
    ])
  ]
}

export const validateLogFormat = (format: LogFormat | undefined, path: string): ReadonlyArray<Violation> => {
  switch (format?.type) {
    case undefined:
      return []
    case "Plain":
      return validatePlain(format?.plain, field(path, "plain"))
    case "Json":
      return validateJson(format?.json, field(path, "json"))
  }
}
