/** Texts that Envoy compiles or sends: names of headers, hostnames, regular expressions. */
import type { Violation } from "../Violation.ts"
import { violationIf } from "./violationPath.ts"

const HEADER_NAME = "^[a-z0-9!#$%&'*+\\-.^_\\x60|~]+$"

export const validateHeaderName = (path: string, name: string): ReadonlyArray<Violation> => {
  if (name === "") return [{ field: path, message: "in body should be at least 1 chars long" }]
  return [
    ...violationIf(name.length > 256, path, "in body should be at most 256 chars long"),
    ...violationIf(!new RegExp(HEADER_NAME).test(name), path, `in body should match '${HEADER_NAME}'`)
  ]
}

const SUBDOMAIN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"

/** Of one host: no wildcard, no address. */
export const validatePreciseHostname = (path: string, name: string | undefined): ReadonlyArray<Violation> => {
  if (name === undefined) return []
  if (name === "") return [{ field: path, message: "in body should be at least 1 chars long" }]
  if (/^\d+(\.\d+){3}$/.test(name) || name.includes(":")) {
    return [{ field: path, message: "cannot be an IP address" }]
  }
  return [
    ...violationIf(name.length > 253, path, "must be no more than 253 characters"),
    ...violationIf(!new RegExp(`^${SUBDOMAIN}$`).test(name), path,
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must " +
        "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
        `'${SUBDOMAIN}')`)
  ]
}

/** What JavaScript's regular expressions have and RE2's don't. https://github.com/google/re2/wiki/Syntax */
const NOT_RE2 = /\(\?(=|!|<=|<!)|\\[1-9]|\\k</

/** Groups and flags that RE2 spells in another way, as JavaScript has them. */
const asJavaScript = (regex: string): string =>
  regex.replaceAll("(?P<", "(?<").replaceAll(/\(\?[imsU]*(-[imsU]+)?\)/g, "").replaceAll(/\(\?[imsU]+:/g, "(?:")

/** Envoy refuses a whole listener for one expression that it can't compile. */
export const validateRegex = (path: string, regex: string): ReadonlyArray<Violation> => {
  if (NOT_RE2.test(regex)) {
    const message = "must be a RE2 regular expression: it knows neither lookaround nor backreferences"
    return [{ field: path, message }]
  }
  // What JavaScript has no word for (`\pN`, `[[:alpha:]]`, `\Q..\E`) is Envoy's to judge.
  if (/\\[pPQ]|\[\[:|\\C|\\z|\\A/.test(regex)) return []
  try {
    new RegExp(asJavaScript(regex))
    return []
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [{ field: path, message: `must be a RE2 regular expression: ${reason}` }]
  }
}
