/**
 * The last guard before a text of somebody else's making (an error of a library, a peer's message) is logged:
 * whatever looks like a token, or a part of one, is taken out. Our own messages never hold any.
 */
import { IAM_TOKEN_PREFIX } from "../../model/bindingValue.ts"

const PATTERNS: ReadonlyArray<readonly [pattern: RegExp, replacement: string]> = [
  [new RegExp(`${IAM_TOKEN_PREFIX.replaceAll(".", "\\.")}[\\w=+/-]*`, "g"), `${IAM_TOKEN_PREFIX}<redacted>`],
  // A presigned URL, also one that is percent-encoded or half broken.
  [/https(?::|%3a)[^\s"'<>]*x-amz-[^\s"'<>]*/gi, "<redacted URL>"],
  [/(x-amz-(?:credential|signature|security-?token))((?:=|%3d|["']?\s*[:=]\s*["']?))[^\s"'&,;]+/gi, "$1$2<redacted>"],
  // A JWT: three dotted parts of which the first decodes to `{"`.
  [/\beyJ[\w-]*\.[\w-]*(?:\.[\w-]*)?/g, "<redacted JWT>"],
  [/\b(authorization["']?\s*[:=]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"',]+/gi, "$1<redacted>"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "<redacted key>"],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, "<redacted access key>"]
]

/** What each of them needs to match: most texts have none of it, and are quickly passed. */
const SIGNS = new RegExp(`${IAM_TOKEN_PREFIX.replaceAll(".", "\\.")}|x-amz-|eyJ|authorization|PRIVATE KEY|AKIA|ASIA`, "i")

/** The same text without tokens, presigned URLs, signatures, access keys and private keys. */
export const redact = (text: string): string =>
  SIGNS.test(text) ? PATTERNS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text) : text
