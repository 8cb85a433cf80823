/** Reads the parts of a Mesh that are kept as they came: lists of named backends, each with a configuration. */
import type { Violation } from "../Violation.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

type Unknowns = Readonly<Record<string, unknown>>

export interface Backend {
  readonly name: string
  readonly type: string
  readonly sampling: unknown
  readonly conf: Unknowns
}

export const recordOf = (value: unknown): Unknowns =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

export const listOf = (value: unknown): ReadonlyArray<Unknowns> => (Array.isArray(value) ? value.map(recordOf) : [])

const backendOf = ({ conf, name, sampling, type }: Unknowns): Backend => ({
  name: textOf(name), type: textOf(type), sampling, conf: recordOf(conf)
})

export interface BackendRules {
  /** Where the part stands in the Mesh. */
  readonly path: string
  /** The field that chooses one of the backends by its name. */
  readonly chooser: string
  readonly choice: string
  readonly judge: (backend: Backend, path: string) => ReadonlyArray<Violation>
}

/** Names are there once, and the chosen one is among them. */
export const validateBackends = (part: Unknowns | undefined, rules: BackendRules): ReadonlyArray<Violation> => {
  const backends = listOf(part?.["backends"]).map(backendOf)
  const names = backends.map(({ name }) => name)
  const chosen = textOf(part?.[rules.chooser])
  return [
    ...inEach(field(rules.path, "backends"), backends, (backend, path, index) => [
      ...rules.judge(backend, path),
      ...violationIf(names.indexOf(backend.name) < index, field(path, "name"),
        `"${backend.name}" name is already used for another backend`)
    ]),
    ...violationIf(chosen !== "" && !names.includes(chosen), field(rules.path, rules.chooser),
      `has to be set to one of the ${rules.choice}`)
  ]
}
