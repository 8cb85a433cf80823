/** Reads what a sidecar asks `/bootstrap` for. Pure; unknown fields are left alone, as sidecars are newer or older. */
import { Schema } from "effect"
import { BootstrapRequest } from "../../model/Bootstrap.ts"
import { parseJson } from "../../model/parseJson.ts"
import { MAX_NAME_LENGTH, parseProxyType, PROXY_TYPES, type ProxyId } from "../../model/ProxyType.ts"
import { TRANSPARENT_PROXY_FEATURE } from "../../model/proxyFeatures.ts"
import { schemaViolations } from "../../model/schemaViolations.ts"
import { tooManyParts } from "../../model/tooManyParts.ts"
import type { Violation } from "../../model/Violation.ts"

export interface Asked {
  readonly proxy: ProxyId
  readonly request: BootstrapRequest
}

/** `malformed`: it isn't even a JSON object to speak of. */
export type DecodedBootstrap = Asked | { readonly malformed: string } | { readonly violations: ReadonlyArray<Violation> }

/** Fields and items of lists; a sidecar sends some fifty. Anybody may ask: who it is, is in what is read. */
const MAX_PARTS = 2_000

const decode = Schema.decodeUnknownResult(BootstrapRequest, { errors: "all" })

export const decodeBootstrapRequest = (body: string): DecodedBootstrap => {
  const parsed = parseJson(body)
  if ("problem" in parsed) return { malformed: `the body ${parsed.problem}` }
  const excess = tooManyParts(parsed.value, MAX_PARTS)
  if (excess !== null) return { malformed: `the body ${excess}` }
  const decoded = decode(withoutNulls(parsed.value))
  if (decoded._tag === "Failure") return { violations: schemaViolations(decoded.failure.issue) }
  const request = decoded.success
  const proxyType = parseProxyType(request.proxyType || "dataplane")
  const violations: Array<Violation> = []
  if (request.name === "") violations.push({ field: "name", message: "cannot be empty" })
  for (const field of ["name", "mesh"] as const) {
    // What is refused by its name is kept in the journal, and anybody may ask.
    if ((request[field] ?? "").length > MAX_NAME_LENGTH) {
      violations.push({ field, message: `must have ${MAX_NAME_LENGTH} characters at most` })
    }
  }
  if (proxyType === undefined) {
    violations.push({ field: "proxyType", message: `must be one of ${PROXY_TYPES.join(", ")}` })
  }
  for (const field of ["adminPort", "dnsPort", "readinessPort"] as const) {
    const port = request[field]
    if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
      violations.push({ field, message: "must be a port between 0 and 65535" })
    }
  }
  const transparent = request.features?.includes(TRANSPARENT_PROXY_FEATURE) === true
  if (request.dataplaneConfig !== undefined || transparent) {
    // Its host sends all of its workload's traffic to listeners that it would never be given.
    violations.push({
      field: "dataplaneConfig",
      message: "a transparent proxy isn't offered: start without --transparent-proxy; --bind-outbounds does without one"
    })
  }
  if (proxyType === undefined || violations.length > 0) return { violations }
  const mesh = proxyType === "dataplane" ? request.mesh || "default" : ""
  return { proxy: { proxyType, mesh, name: request.name }, request }
}

/** Go's encoder writes a field without a value as null. */
const withoutNulls = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null))
    : value
