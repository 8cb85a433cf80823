/** Turns what a schema finds wrong into violations with Kuma's paths and the words of its OpenAPI validation. */
import { Schema, type SchemaAST, type SchemaIssue } from "effect"
import type { Violation } from "./Violation.ts"

/** Maps whose keys are the user's own, so that a path quotes them. */
const MAPS = ["tags", "labels"]

/** `["networking", "inbound", 0, "tags", "a"]` is `networking.inbound[0].tags["a"]`. */
export const formatPath = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>((text, key, index) => {
    if (typeof key === "number") return `${text}[${key}]`
    const name = String(key)
    const parent = path[index - 1]
    if (typeof parent === "string" && MAPS.includes(parent)) return `${text}["${name}"]`
    return text === "" ? name : `${text}.${name}`
  }, "")

/** All numbers in resources are whole ones. */
const TYPE_NAMES: Partial<Record<SchemaAST.AST["_tag"], string>> = {
  String: "string", Number: "integer", Boolean: "boolean", Arrays: "array", Objects: "object", Declaration: "object"
}

const literals = (ast: SchemaAST.AST): ReadonlyArray<string> =>
  ast._tag === "Literal" ? [String(ast.literal)] : ast._tag === "Union" ? ast.types.flatMap(literals) : []

const typeName = (ast: SchemaAST.AST): string =>
  ast._tag === "Union" ? [...new Set(ast.types.map(typeName))].join(" or ") : TYPE_NAMES[ast._tag] ?? "object"

/** As JSON has it. */
const typeOf = (input: unknown): string => input === null ? "null" : Array.isArray(input) ? "array" : typeof input

const describe = (ast: SchemaAST.AST, issue: SchemaIssue.Issue): string => {
  const allowed = literals(ast)
  if (allowed.length > 0) return `in body should be one of [${allowed.join(" ")}]`
  const found = "input" in issue && issue.input !== undefined ? `: "${typeOf(issue.input)}"` : ""
  return `in body must be of type ${typeName(ast)}${found}`
}

/** One thing that is wrong, at its path. */
export interface Finding {
  readonly path: ReadonlyArray<PropertyKey>
  readonly issue: SchemaIssue.Issue
}

/** Everything that is wrong, one by one, under `base`. */
export const findings = (
  issue: SchemaIssue.Issue,
  base: ReadonlyArray<PropertyKey> = []
): ReadonlyArray<Finding> => {
  switch (issue._tag) {
    case "Pointer":
      return findings(issue.issue, [...base, ...issue.path])
    case "Composite":
      return issue.issues.flatMap((inner) => findings(inner, base))
    case "Encoding":
    case "Filter":
      return findings(issue.issue, base)
    default:
      return [{ path: base, issue }]
  }
}

const messageOf = (issue: SchemaIssue.Issue): string => {
  switch (issue._tag) {
    case "MissingKey":
      return issue.annotations?.messageMissingKey ?? "in body is required"
    case "UnexpectedKey":
      return "unknown field"
    case "InvalidType":
    case "AnyOf":
    case "OneOf":
      return describe(issue.ast, issue)
    default:
      return "is not valid"
  }
}

export const findingViolation = ({ issue, path }: Finding): Violation => ({
  field: formatPath(path),
  message: messageOf(issue)
})

/** Every violation in the issue, under `base`. */
export const schemaViolations = (
  issue: SchemaIssue.Issue,
  base: ReadonlyArray<PropertyKey> = []
): ReadonlyArray<Violation> => findings(issue, base).map(findingViolation)

export const DECODE_OPTIONS = { errors: "all", onExcessProperty: "error", reportInput: true } as const

/** The value, or every violation; fields that the schema doesn't know are violations. */
export const decodeWith = <A>(
  schema: Schema.Codec<A, unknown>,
  input: unknown,
  base: ReadonlyArray<PropertyKey> = []
): { readonly value: A } | { readonly violations: ReadonlyArray<Violation> } => {
  const result = Schema.decodeUnknownResult(schema, DECODE_OPTIONS)(input)
  return result._tag === "Success"
    ? { value: result.success }
    : { violations: schemaViolations(result.failure.issue, base) }
}
