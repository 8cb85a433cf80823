/** What an answer holds, where it is a structure: values by what they are of. Pure. */
import { parseYaml } from "../../src/model/parseYaml.ts"

export type Fields = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const text = (value: unknown): string => typeof value === "string" ? value : ""

/** `MeshTimeout default/soon`; null for what doesn't say its type and its name. */
export const identityOf = (value: unknown): string | null =>
  isObject(value) && typeof value["type"] === "string" && typeof value["name"] === "string"
    ? `${value["type"]} ${[text(value["mesh"]), value["name"]].filter((part) => part !== "").join("/")}`
    : null

const isList = (value: unknown): boolean => isObject(value) && Array.isArray(value["items"])

const STATUS = /\n?(status \w+)$/

export interface Structure {
  /** JSON's one value, or YAML's documents. */
  readonly documents: ReadonlyArray<unknown>
  /** Comments and the status. */
  readonly lines: ReadonlyArray<string>
}

const readJson = (body: string): ReadonlyArray<unknown> | null => {
  try {
    return [JSON.parse(body)]
  } catch {
    return null
  }
}

/** A table or a sentence may be YAML, too, but no resource. */
const readYaml = (body: string): ReadonlyArray<unknown> | null => {
  const parsed = parseYaml(body)
  if ("problems" in parsed || parsed.values.length === 0) return null
  return parsed.values.every((value) => identityOf(value) !== null || isList(value)) ? parsed.values : null
}

/** null for a text that is no structure. */
export const readAnswer = (answer: string): Structure | null => {
  const status = STATUS.exec(answer)
  const body = status === null ? answer : answer.slice(0, status.index)
  const documents = /^\s*[{[]/.test(body) ? readJson(body) : readYaml(body)
  if (documents === null) return null
  const comments = body.split("\n").filter((line) => line.startsWith("#"))
  return { documents, lines: status === null ? comments : [...comments, status[1] ?? ""] }
}
