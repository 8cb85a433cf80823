/** A rule's match on a client's SPIFFE id or on an SNI. */
import type { Match } from "../Match.ts"
import type { Violation } from "../Violation.ts"
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

const SUBDOMAIN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"

export const validateMatch = ({ spiffeID, sni }: Match, path: string): ReadonlyArray<Violation> => {
  const problem = spiffeID === undefined ? undefined : spiffeProblem(spiffeID.value)
  const name = sni?.value
  return [
    ...violationIf(problem !== undefined, field(path, "spiffeID"), `must be a valid Spiffe ID: ${problem}`),
    ...violationIf(name === "", field(path, "sni.value"), "must be set"),
    ...violationIf(Boolean(name) && !new RegExp(`^${SUBDOMAIN}$`).test(name ?? ""), field(path, "sni.value"),
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must " +
        "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
        `'${SUBDOMAIN}')`)
  ]
}
