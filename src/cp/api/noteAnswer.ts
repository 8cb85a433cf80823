/** Counts what the API answers, and how long it takes. */
import type { Context } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { apiRequests, apiSeconds, count } from "../diagnostics/metrics.ts"

/** A series for each: what callers make up is one of them. */
const METHODS: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE"])

export const noteAnswer = (
  context: Context.Context<never>,
  { method: asked = "" }: IncomingMessage,
  outgoing: ServerResponse
): void => {
  const begun = performance.now()
  outgoing.once("finish", () => {
    const method = METHODS.has(asked) ? asked : "other"
    count(apiRequests, 1, context, { method, status: String(outgoing.statusCode) })
    count(apiSeconds, (performance.now() - begun) / 1_000, context, { method })
  })
}
