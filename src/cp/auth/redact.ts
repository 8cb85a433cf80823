/**
 * The last guard before a text of somebody else's making (an error of a library, a peer's message) is logged:
 * whatever looks like a token, or a part of one, is taken out. Our own messages never hold any.
 */
import { IAM_TOKEN_PREFIX } from "../../model/bindingValue.ts"

type Replace = (text: string) => string

const replacing = (pattern: RegExp, replacement: string): Replace => (text) => text.replace(pattern, replacement)

/** From a scheme to the end of what a URL may hold, where a sign of a signature follows; percent-encoded, half broken. */
const presignedUrl: Replace = (text) =>
  text.replace(/[^\s"'<>]+/g, (run) => {
    const start = run.search(/https(?::|%3a)/i)
    return start >= 0 && /x-amz-/i.test(run.slice(start)) ? `${run.slice(0, start)}<redacted URL>` : run
  })

/** Dotted parts from the first on that may decode to `{"`; two are enough. */
const jwt: Replace = (text) =>
  text.replace(/[\w.-]+/g, (run) => {
    const start = run.search(/\beyJ/)
    return start >= 0 && run.includes(".", start) ? `${run.slice(0, start)}<redacted JWT>` : run
  })

/**
 * Peers choose how long a text is and what stands in it, before anybody knows who they are: each of these takes time in
 * proportion to its length, whatever it holds. So none looks ahead to an end that it may not find from many beginnings.
 */
const REPLACES: ReadonlyArray<Replace> = [
  replacing(new RegExp(`${IAM_TOKEN_PREFIX.replaceAll(".", "\\.")}[\\w=+/-]*`, "g"), `${IAM_TOKEN_PREFIX}<redacted>`),
  presignedUrl,
  replacing(
    /(x-amz-(?:credential|signature|security-?token))((?:=|%3d|["']?\s*[:=]\s*["']?))[^\s"'&,;]+/gi,
    "$1$2<redacted>"
  ),
  jwt,
  replacing(/\b(authorization["']?\s*[:=]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"',]+/gi, "$1<redacted>"),
  replacing(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "<redacted key>"),
  replacing(/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, "<redacted access key>")
]

/** What each of them needs to match: most texts have none of it, and are quickly passed. */
const SIGNS = new RegExp(`${IAM_TOKEN_PREFIX.replaceAll(".", "\\.")}|x-amz-|eyJ|authorization|PRIVATE KEY|AKIA|ASIA`, "i")

/**
 * Whether anything in a text, or in the JSON of one, could be taken out: none of the signs has a character that JSON
 * writes otherwise.
 */
export const looksSecret = (text: string): boolean => SIGNS.test(text)

/** The same text without tokens, presigned URLs, signatures, access keys and private keys. */
export const redact = (text: string): string =>
  looksSecret(text) ? REPLACES.reduce((rest, replace) => replace(rest), text) : text
