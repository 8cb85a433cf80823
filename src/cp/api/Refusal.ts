/** A request that isn't done, with the answer that says so, in the shape of Kuma's errors. */
import { Schema } from "effect"
import type { ErrorBody } from "../../model/Bootstrap.ts"
import type { Violation } from "../../model/Violation.ts"

export class Refusal extends Schema.TaggedError<Refusal>()("Refusal", {
  status: Schema.Number,
  title: Schema.String,
  detail: Schema.String,
  violations: Schema.Array(Schema.Struct({ field: Schema.String, message: Schema.String })),
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
}) {}

const refuse = (status: number, title: string, detail: string, violations: ReadonlyArray<Violation> = []): Refusal =>
  new Refusal({ status, title, detail, violations })

export const notFound = (title: string, detail = "Not found"): Refusal => refuse(404, title, detail)
/** Nothing is wrong with the request's form; `title` says what wasn't done, `detail` why. */
export const notDone = (title: string, detail: string): Refusal => refuse(400, title, detail)
export const badRequest = (detail: string): Refusal => refuse(400, "Bad Request", detail)
export const invalid = (title: string, violations: ReadonlyArray<Violation>): Refusal =>
  refuse(400, title, "Resource is not valid", violations)
export const invalidPage = (violation: Violation): Refusal =>
  refuse(400, "Could not retrieve resources", `Invalid page ${violation.field}`, [violation])
/** Who isn't known is told how to become so. https://www.rfc-editor.org/rfc/rfc6750#section-3 */
export const loginNeeded: Refusal = new Refusal({
  status: 401,
  title: "Authentication required",
  detail: "this control plane answers nobody unknown: log in with `kumactl config control-planes add --name NAME " +
    "--address URL --auth-type=tokens --auth-conf token=TOKEN --overwrite`, or bring `Authorization: Bearer TOKEN`. " +
    "The first administrator's token is in the GlobalSecret admin-user-token, which can be read on the control " +
    "plane's own machine; further ones come from `kumactl generate user-token`",
  violations: [],
  headers: { "www-authenticate": "Bearer" }
})
export const invalidToken = (reason: string): Refusal =>
  new Refusal({
    status: 401,
    title: "Invalid authentication data",
    detail: reason,
    violations: [],
    headers: { "www-authenticate": "Bearer error=\"invalid_token\"" }
  })
export const tooOften = (what: string): Refusal =>
  new Refusal({
    status: 429,
    title: "Too Many Requests",
    detail: `too many ${what} in a short time: try again later, and less often`,
    violations: [],
    headers: { "retry-after": "1" }
  })
export const accessDenied = (reason: string): Refusal => refuse(403, "Access Denied", reason)
/** https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6: "must generate an Allow header field". */
export const readOnly = (detail: string): Refusal =>
  new Refusal({ status: 405, title: "Method not allowed", detail, violations: [], headers: { allow: "GET" } })
export const conflict = (key: string): Refusal =>
  refuse(409, "Conflict", `${key} was changed by somebody else in the meantime: read it again, then write again`)
/** What the writer said must hold doesn't, or does no longer. */
export const preconditionFailed = (why: string): Refusal =>
  refuse(412, "Precondition Failed", `${why}: read it again, then write again`)
export const tooLarge = (limit: number, advice = "split the request"): Refusal =>
  refuse(413, "Request too large", `the body is larger than ${limit} bytes: ${advice}`)
export const unavailable = (operation: string): Refusal =>
  refuse(503, "Service unavailable", `the store doesn't answer (${operation}): try again, and look at the ` +
    "control plane's log and its database")
/** What is asked is with another replica. */
export const notHere = (title: string, detail: string): Refusal => refuse(503, title, detail)
/** An API alone has no resources in memory to look at. */
export const notInspected: Refusal = refuse(503, "Service unavailable", "this API runs without a control plane")
export const tooMany = (what: string): Refusal =>
  refuse(503, "Service unavailable", `too many ${what} are under way: try again when one is done`)
export const internal: Refusal = refuse(500, "Internal Server Error", "Internal Server Error")

/** More than anybody reads at once: an answer isn't to be larger than what it is about. */
const MOST_VIOLATIONS = 200

const shown = (violations: Refusal["violations"]): Refusal["violations"] =>
  violations.length <= MOST_VIOLATIONS ? violations : [
    ...violations.slice(0, MOST_VIOLATIONS),
    { field: "", message: `and ${violations.length - MOST_VIOLATIONS} more` }
  ]

/** `details` and `causes` repeat what older clients read. */
export const errorBody = ({ detail, status, title, violations }: Refusal): ErrorBody =>
  errorOf({ detail, status, title, violations: shown(violations) })

type ErrorParts = Pick<Refusal, "detail" | "status" | "title" | "violations">

const errorOf = ({ detail, status, title, violations }: ErrorParts): ErrorBody => ({
  type: "/std-errors",
  status,
  title,
  detail,
  ...(violations.length === 0
    ? {}
    : { invalid_parameters: violations.map(({ field, message }) => ({ field, reason: message })) }),
  details: detail,
  ...(violations.length === 0 ? {} : { causes: violations.map(({ field, message }) => ({ field, message })) })
})
