/**
 * Whether a JWT is signed with this key by RS256, and its times. At once: with an RSA key verifying takes 20 µs, and
 * handing it to the thread pool and back several times that, for each proxy that comes. Pure; a test holds its verdicts
 * to those of a library that knows all of JOSE.
 */
import { constants, type KeyObject, verify } from "node:crypto"

export type TokenFailure = "malformed" | "wrong algorithm" | "wrong signature" | "not yet valid" | "expired"

export type TokenVerdict = { readonly payload: Readonly<Record<string, unknown>> } | { readonly failure: TokenFailure }

const strictUtf8 = new TextDecoder("utf-8", { fatal: true })

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const readObject = (part: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(strictUtf8.decode(Buffer.from(part, "base64url")))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

const isSigned = (signed: string, signature: string, key: KeyObject): boolean => {
  try {
    return verify(
      "RSA-SHA256",
      Buffer.from(signed, "latin1"),
      { key, padding: constants.RSA_PKCS1_PADDING },
      Buffer.from(signature, "base64url")
    )
  } catch {
    return false
  }
}

/** A claim that says when, in unix seconds; it needn't be there. */
const isTime = (value: unknown): value is number | undefined => value === undefined || typeof value === "number"

/** `token`: parts of canonical base64url. `key`: RSA, 2048 bits or more, public. `now`: unix milliseconds. */
export const verifyRs256 = (token: string, key: KeyObject, now: number): TokenVerdict => {
  const [head = "", body = "", signature, ...more] = token.split(".")
  const header = signature === undefined || more.length > 0 ? null : readObject(head)
  // "If any of the listed extension Header Parameters are not understood and supported by the recipient, then the JWS
  // is invalid." None is. https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11
  if (signature === undefined || header === null || header["crit"] !== undefined) return { failure: "malformed" }
  const { alg } = header
  if (typeof alg !== "string" || alg === "") return { failure: "malformed" }
  if (alg !== "RS256") return { failure: "wrong algorithm" }
  if (!isSigned(`${head}.${body}`, signature, key)) return { failure: "wrong signature" }
  const payload = readObject(body)
  if (payload === null) return { failure: "malformed" }
  const { exp, iat, nbf } = payload
  const second = Math.floor(now / 1000)
  if (!isTime(iat) || !isTime(nbf)) return { failure: "malformed" }
  if (nbf !== undefined && nbf > second) return { failure: "not yet valid" }
  if (!isTime(exp)) return { failure: "malformed" }
  return exp !== undefined && exp <= second ? { failure: "expired" } : { payload }
}
