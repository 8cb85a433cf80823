/** Reads the resource in a body: right for its address, of a known shape, and making sense. */
import { Effect } from "effect"
import { decodeResource } from "../../model/decodeResource.ts"
import { parseJsonTakingLast } from "../../model/parseJson.ts"
import { MAX_YAML, parseYaml } from "../../model/parseYaml.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { formatPath } from "../../model/schemaViolations.ts"
import { unkeepable } from "../../model/unkeepable.ts"
import { validateGivenLabels } from "../../model/validate/validateComputedLabels.ts"
import { validateResource } from "../../model/validate/validateResource.ts"
import { warnResource } from "../../model/validate/warnResource.ts"
import { violationIf } from "../../model/validate/violationPath.ts"
import { type Violation, violationText } from "../../model/Violation.ts"
import type { ApiRequest } from "./ApiRequest.ts"
import { badRequest, invalid, type Refusal, tooLarge } from "./Refusal.ts"
import type { Route } from "./Route.ts"

/** More than anybody reads. */
const MOST_WARNINGS = 100
const MAX_PATH = 500

interface Parsed {
  readonly value: unknown
  readonly warnings: ReadonlyArray<Violation>
}

/** What was asked for, and what is said to who asked: one text each. */
export interface ReadResource {
  readonly resource: DesiredResource
  readonly warnings: ReadonlyArray<string>
}

const texts = (warnings: ReadonlyArray<Violation>): ReadonlyArray<string> => {
  const more = warnings.length - MOST_WARNINGS
  const shown = warnings.slice(0, MOST_WARNINGS).map(violationText)
  return more > 0 ? [...shown, `and ${more} more`] : shown
}

/** Of a key that stands twice the last is taken, as by Kuma, and its author is told. */
const parseJsonBody = (body: string): Effect.Effect<Parsed, Refusal> => {
  const parsed = parseJsonTakingLast(body, MOST_WARNINGS)
  if ("problem" in parsed) return Effect.fail(badRequest(`the body ${parsed.problem}`))
  const warnings = parsed.duplicates.map((path) => ({
    field: formatPath(path).slice(0, MAX_PATH),
    message: "given twice: the last is taken"
  }))
  return Effect.succeed({ value: parsed.value, warnings })
}

const parseBody = ({ body, contentType }: ApiRequest): Effect.Effect<Parsed, Refusal> => {
  if (!contentType.includes("yaml")) return parseJsonBody(body)
  if (Buffer.byteLength(body) > MAX_YAML) return Effect.fail(tooLarge(MAX_YAML, "send it as JSON"))
  const parsed = parseYaml(body)
  if ("problems" in parsed) return Effect.fail(badRequest(parsed.problems.join("; ")))
  const [value, ...more] = parsed.values
  return value === undefined || more.length > 0
    ? Effect.fail(badRequest("the body must hold exactly one resource"))
    : Effect.succeed({ value, warnings: [] })
}

type Target = Extract<Route, { _tag: "Single" }>

/** Body and address must name the same resource. */
const validateAddress = (input: Readonly<Record<string, unknown>>, target: Target): ReadonlyArray<Violation> => {
  const { descriptor, mesh, name } = target
  const differs = (field: string) => `${field} from the URL has to be the same as in body`
  return [
    ...violationIf(input["name"] !== name, "name", differs("name")),
    ...violationIf(input["type"] !== descriptor.type, "type", differs("type")),
    ...violationIf(descriptor.scope === "Mesh" && input["mesh"] !== mesh, "mesh", differs("mesh"))
  ]
}

const isRecord = (input: unknown): input is Readonly<Record<string, unknown>> =>
  typeof input === "object" && input !== null && !Array.isArray(input)

export const readResource = Effect.fnUntraced(function*(
  request: ApiRequest,
  target: Target,
  zone: string
): Effect.fn.Return<ReadResource, Refusal> {
  const { value: input, warnings } = yield* parseBody(request)
  const problem = unkeepable(input)
  if (problem !== null) return yield* badRequest(`the body ${problem}`)
  if (!isRecord(input)) return yield* badRequest(`invalid ${target.descriptor.type} object: it must be an object`)
  const address = validateAddress(input, target)
  const decoded = decodeResource({ ...input, type: target.descriptor.type })
  const violations = "violations" in decoded
    ? [...address, ...decoded.violations]
    : [...address, ...validateGivenLabels(decoded.resource, zone), ...validateResource(decoded.resource)]
  if (violations.length > 0 || "violations" in decoded) {
    return yield* invalid("Could not process a resource", violations)
  }
  const { resource } = decoded
  return { resource, warnings: texts([...warnings, ...decoded.warnings, ...warnResource(resource)]) }
})
