/** Issues dataplane, zone and user tokens, as `kumactl generate` asks for them. Who may was judged before. */
import { Effect, Schema } from "effect"
import { parseDuration } from "../../model/parseDuration.ts"
import { parseJson } from "../../model/parseJson.ts"
import { parseProxyType } from "../../model/ProxyType.ts"
import { decodeWith } from "../../model/schemaViolations.ts"
import { unkeepable } from "../../model/unkeepable.ts"
import type { Violation } from "../../model/Violation.ts"
import { violationIf } from "../../model/validate/violationPath.ts"
import { issueDataplaneToken, issueUserToken, issueZoneToken, type TokenNotIssued } from "../auth/token/issueToken.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import type { TokenKind } from "./Route.ts"
import { badRequest, invalid, notDone, notFound, type Refusal } from "./Refusal.ts"

const text = Schema.optionalKey(Schema.String)

// Go's encoder writes an empty map or list as null.
export const DataplaneTokenRequest = Schema.Struct({
  name: text,
  mesh: text,
  tags: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Array(Schema.String)))),
  type: text,
  workload: text,
  validFor: text
})

export const ZoneTokenRequest = Schema.Struct({
  zone: text,
  scope: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
  validFor: text
})

export const UserTokenRequest = Schema.Struct({
  name: text,
  groups: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
  validFor: text
})

const ZONE_SCOPES = ["ingress", "egress", "cp"]

/** Milliseconds. Go's durations, in which Kuma counts, reach no further. */
const LONGEST = 2 ** 63 / 1_000_000

/** A token that is asked for without its time. */
const TEN_YEARS = 10 * 365 * 24 * 3_600_000

/** Milliseconds, and what is wrong with them. */
const readValidFor = (validFor = ""): { readonly millis: number; readonly violations: ReadonlyArray<Violation> } => {
  const millis = validFor === "" ? TEN_YEARS : parseDuration(validFor)
  return {
    millis: millis ?? 0,
    violations: [
      ...violationIf(millis === undefined || millis > LONGEST, "validFor",
        `is invalid: time: invalid duration ${JSON.stringify(validFor)}`),
      ...violationIf(millis !== undefined && millis <= 0, "validFor", "must be greater than 0")
    ]
  }
}

/** A field that isn't known might restrict the token: leaving it out would give away more than was asked for. */
const readFields = <A>(schema: Schema.Codec<A, unknown>, body: string): Effect.Effect<A, Refusal> => {
  const parsed = parseJson(body)
  if ("problem" in parsed) return Effect.fail(badRequest(`the body ${parsed.problem}`))
  const problem = unkeepable(parsed.value)
  if (problem !== null) return Effect.fail(badRequest(`the body ${problem}`))
  const decoded = decodeWith(schema, parsed.value)
  return "violations" in decoded ? refuse(decoded.violations) : Effect.succeed(decoded.value)
}

const refuse = (violations: ReadonlyArray<Violation>) => Effect.fail(invalid("Invalid request", violations))

const dataplaneToken = Effect.fnUntraced(function*(body: string) {
  const { mesh = "", tags, validFor, ...asked } = yield* readFields(DataplaneTokenRequest, body)
  const { millis, violations } = readValidFor(validFor)
  const all = [
    ...violationIf(mesh === "", "mesh", "cannot be empty"),
    ...violations,
    ...violationIf(parseProxyType(asked.type || "dataplane") === undefined, "type",
      `${asked.type} is not a valid proxy type`)
  ]
  if (all.length > 0) return yield* refuse(all)
  return yield* issueDataplaneToken({ ...asked, mesh, tags: tags ?? {}, validForMillis: millis })
})

const zoneToken = Effect.fnUntraced(function*(body: string) {
  const { scope, validFor, zone = "" } = yield* readFields(ZoneTokenRequest, body)
  const { millis, violations } = readValidFor(validFor)
  const unknown = (scope ?? []).filter((item) => !ZONE_SCOPES.includes(item))
  const all = [
    ...violationIf((scope ?? []).length === 0, "scope", "cannot be empty"),
    ...violationIf(unknown.length > 0, "scope", `unknown ${unknown.join(", ")}: take of ${ZONE_SCOPES.join(", ")}`),
    ...violations
  ]
  if (all.length > 0) return yield* refuse(all)
  return yield* issueZoneToken({ zone, scope: scope ?? [], validForMillis: millis })
})

/** Kuma takes no default here: how long somebody may do something is to be said. */
const userToken = Effect.fnUntraced(function*(body: string) {
  const { groups = null, name = "", validFor = "" } = yield* readFields(UserTokenRequest, body)
  const { millis, violations } = readValidFor(validFor)
  const all = [
    ...violationIf(name === "", "name", "cannot be empty"),
    ...(validFor === "" ? [{ field: "validFor", message: "cannot be empty" }] : violations)
  ]
  if (all.length > 0) return yield* refuse(all)
  return yield* issueUserToken({ name, groups, validForMillis: millis })
})

const NO_KEY = "Signing Key not found"

const respond = ({ message, reason }: TokenNotIssued): Refusal =>
  reason === "SigningKeyNotFound"
    ? notFound(NO_KEY, message.replace(`${NO_KEY}: `, ""))
    : notDone("Could not issue a token", message)

const ISSUERS = { dataplane: dataplaneToken, user: userToken, zone: zoneToken } as const

export const issueToken = ({ body }: ApiRequest, kind: TokenKind, issuesUserTokens: boolean) =>
  (kind === "user" && !issuesUserTokens
    ? Effect.fail(notDone(
      "Could not issue a token",
      "user tokens are issued elsewhere (KUMA_API_SERVER_AUTHN_TOKENS_ENABLE_ISSUER is false)"
    ))
    : ISSUERS[kind](body)).pipe(
      Effect.map((token): ApiResponse => ({ status: 200, text: token })),
      Effect.catchTag("TokenNotIssued", (refused) => Effect.fail(respond(refused)))
    )
