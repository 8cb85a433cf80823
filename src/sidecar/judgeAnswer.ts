/** Reads what `/bootstrap` answered: a bootstrap, a refusal, or a reason to come again. Pure. */
import type { Answer } from "./request.ts"

export type Outcome =
  | { readonly kind: "bootstrap"; readonly yaml: string }
  /** The control plane knows who asks and says no; a role or a task may be mended, so it's asked again. */
  | { readonly kind: "refused"; readonly reason: string; readonly detail: string }
  /** The same request will always fail. */
  | { readonly kind: "invalid"; readonly causes: ReadonlyArray<string> }
  | { readonly kind: "unavailable"; readonly reason: string; readonly retryAfterMillis: number | null }

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parse = (body: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

const detailOf = (error: Readonly<Record<string, unknown>>, body: string): string =>
  textOf(error["detail"]) || textOf(error["details"]) || textOf(error["title"]) || body.slice(0, 500).trim()

const causesOf = (error: Readonly<Record<string, unknown>>, body: string): ReadonlyArray<string> => {
  const list = [error["invalid_parameters"], error["causes"]].find((value) => Array.isArray(value) && value.length > 0)
  if (!Array.isArray(list)) return [detailOf(error, body)]
  return list.filter(isObject).map((cause) => {
    const field = textOf(cause["field"])
    const message = textOf(cause["reason"]) || textOf(cause["message"])
    return field === "" ? message : `${field}: ${message}`
  })
}

/** RFC 9110, 10.2.3: `Retry-After` is a number of seconds or an HTTP date. */
const retryAfter = (answer: Answer, now: number): number | null => {
  const value = answer.headers["retry-after"]
  if (typeof value !== "string") return null
  const millis = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now
  return Number.isFinite(millis) ? Math.max(0, Math.min(millis, 300_000)) : null
}

const decodeBootstrap = (answer: Answer): Outcome => {
  const encoded = parse(answer.body)["bootstrap"]
  if (typeof encoded === "string" && encoded !== "") {
    return { kind: "bootstrap", yaml: Buffer.from(encoded, "base64").toString("utf8") }
  }
  return { kind: "unavailable", reason: "its answer holds no bootstrap: is this a control plane?", retryAfterMillis: null }
}

export const judgeAnswer = (answer: Answer, now: number): Outcome => {
  if (answer.status === 200) return decodeBootstrap(answer)
  const error = parse(answer.body)
  const detail = detailOf(error, answer.body)
  switch (answer.status) {
    case 401:
    case 403:
      return { kind: "refused", reason: textOf(error["title"]) || "Refused", detail }
    case 400:
    case 422:
      return { kind: "invalid", causes: causesOf(error, answer.body) }
    case 404:
      return {
        kind: "unavailable",
        reason:
          Object.keys(error).length === 0
            ? "there is no /bootstrap at that address: it must be the dataplane server (port 5678), not the API (5681)"
            : `this proxy isn't known yet: ${detail}`,
        retryAfterMillis: retryAfter(answer, now)
      }
    default:
      return {
        kind: "unavailable",
        reason: `it answered ${answer.status}: ${detail}`,
        retryAfterMillis: retryAfter(answer, now)
      }
  }
}
