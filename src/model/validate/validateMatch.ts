/** A rule's match on a client's SPIFFE id or on an SNI. */
import type { Match } from "../Match.ts"
import type { Violation } from "../Violation.ts"
import { isSubdomain, SUBDOMAIN_RULE } from "./subdomain.ts"
import { field, violationIf } from "./violationPath.ts"

/** Why it isn't a SPIFFE id, or undefined. https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/ */
const spiffeProblem = (id: string): string | undefined => {
  if (id === "") return "cannot be empty"
  if (!id.startsWith("spiffe://")) return "scheme is missing or invalid"
  const [trustDomain = "", ...segments] = id.slice("spiffe://".length).split("/")
  if (trustDomain === "") return "trust domain is missing"
  if (!/^[a-z0-9._-]+$/.test(trustDomain)) {
    return "trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores"
  }
  if (segments.at(-1) === "") return "path cannot have a trailing slash"
  if (segments.includes("")) return "path cannot contain empty segments"
  if (segments.includes(".") || segments.includes("..")) return "path cannot contain dot segments"
  return segments.every((segment) => /^[a-zA-Z0-9._-]+$/.test(segment))
    ? undefined
    : "path segment characters are limited to letters, numbers, dots, dashes, and underscores"
}

export const validateMatch = ({ spiffeID, sni }: Match, path: string): ReadonlyArray<Violation> => {
  const problem = spiffeID === undefined ? undefined : spiffeProblem(spiffeID.value)
  const name = sni?.value
  return [
    ...violationIf(problem !== undefined, field(path, "spiffeID"), `must be a valid Spiffe ID: ${problem}`),
    ...violationIf(name === "", field(path, "sni.value"), "must be set"),
    ...violationIf(Boolean(name) && !isSubdomain(name ?? ""), field(path, "sni.value"), SUBDOMAIN_RULE)
  ]
}
