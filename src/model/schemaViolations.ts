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

const TYPE_NAMES: Partial<Record<SchemaAST.AST["_tag"], string>> = {
  String: "string", Number: "number", Boolean: "boolean", Arrays: "array", Objects: "object", Declaration: "object"
}

const literals = (ast: SchemaAST.AST): ReadonlyArray<string> =>
  ast._tag === "Literal" ? [String(ast.literal)] : ast._tag === "Union" ? ast.types.flatMap(literals) : []

const describe = (ast: SchemaAST.AST): string => {
  const allowed = literals(ast)
  if (allowed.length > 0) return `in body should be one of [${allowed.join(" ")}]`
  return `in body must be of type ${TYPE_NAMES[ast._tag] ?? "object"}`
}

/** Every violation in the issue, under `base`. */
export const schemaViolations = (
  issue: SchemaIssue.Issue,
  base: ReadonlyArray<PropertyKey> = []
): ReadonlyArray<Violation> => {
  switch (issue._tag) {
    case "Pointer":
      return schemaViolations(issue.issue, [...base, ...issue.path])
    case "Composite":
      return issue.issues.flatMap((inner) => schemaViolations(inner, base))
    case "Encoding":
    case "Filter":
      return schemaViolations(issue.issue, base)
    case "MissingKey": {
      const own = issue.annotations?.messageMissingKey
      return [{ field: formatPath(base), message: own ?? "in body is required" }]
    }
    case "UnexpectedKey":
      return [{ field: formatPath(base), message: "unknown field" }]
    case "InvalidType":
    case "AnyOf":
    case "OneOf":
      return [{ field: formatPath(base), message: describe(issue.ast) }]
    default:
      return [{ field: formatPath(base), message: "is not valid" }]
  }
}

/** The value, or every violation; fields that the schema doesn't know are violations. */
export const decodeWith = <A>(
  schema: Schema.Codec<A, unknown>,
  input: unknown,
  base: ReadonlyArray<PropertyKey> = []
): { readonly value: A } | { readonly violations: ReadonlyArray<Violation> } => {
  const result = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })(input)
  return result._tag === "Success"
    ? { value: result.success }
    : { violations: schemaViolations(result.failure.issue, base) }
}
