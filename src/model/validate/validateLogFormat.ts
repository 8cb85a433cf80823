/**
 * The format of an access log: Kuma's rules, and that Envoy can read it. A listener with a format that it can't read is
 * refused whole, and so all that is called by it would stay as it was.
 */
import type { LogFormat } from "../MeshAccessLog.ts"
import { problemOfCommand } from "../logCommands.ts"
import { type FormatPiece, KUMA_PREFIX, KUMA_WORDS, type LogCommand, readFormat } from "../logFormat.ts"
import type { Violation } from "../Violation.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const isKumaWord = (name: string): boolean => KUMA_WORDS.some((word) => `${KUMA_PREFIX}${word}` === name)

const problemOf = (command: LogCommand): string | undefined => {
  const { length, name, parameters } = command
  if (!name.startsWith(KUMA_PREFIX)) return problemOfCommand(command)
  if (isKumaWord(name)) {
    return parameters === null && length === null ? undefined : `%${name}% takes no parameters and no length`
  }
  return `unknown placeholder %${name}%: there are ${KUMA_WORDS.map((word) => `%${KUMA_PREFIX}${word}%`).join(", ")}`
}

const problemOfPiece = (piece: FormatPiece): string | undefined => {
  switch (piece._tag) {
    case "Text":
      return undefined
    case "Command":
      return problemOf(piece.command)
    case "Percent":
      return `a percent sign that begins no command operator: "${piece.rest}"; %% writes one`
  }
}

/** More than anybody mends at once. */
const MOST_PROBLEMS = 20

/** Envoy's words and Kuma's in one text. What stands behind a percent sign that begins nothing isn't looked at. */
export const validateLogText = (text: string, path: string): ReadonlyArray<Violation> => {
  const problems = new Set<string>()
  for (const piece of readFormat(text)) {
    const problem = problemOfPiece(piece)
    if (problem !== undefined) problems.add(problem)
    if (piece._tag === "Percent" || problems.size === MOST_PROBLEMS) break
  }
  return [...problems].map((message) => ({ field: path, message }))
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
