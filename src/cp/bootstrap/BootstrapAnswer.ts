/** What `/bootstrap` answers over HTTP, and its refusals in the shape that Kuma gives every error. Pure. */
import type { BootstrapResponse, ErrorBody } from "../../model/Bootstrap.ts"
import type { AggregatedMetrics } from "../../model/prometheusMetrics.ts"
import type { Violation } from "../../model/Violation.ts"
import { renderYaml } from "./renderYaml.ts"

export interface BootstrapAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** `address`: the proxy's own, as its resource has it. `aggregate`: what kuma-dp adds to the proxy's metrics. */
export const configAnswer = (
  config: Readonly<Record<string, unknown>>,
  address: string,
  accept: string,
  aggregate: ReadonlyArray<AggregatedMetrics> = []
): BootstrapAnswer => {
  const yaml = renderYaml(config)
  // Whatever doesn't ask for JSON gets the configuration itself, as older dataplanes expect it.
  if (!/\bapplication\/json\b/i.test(accept)) {
    return { status: 200, headers: { "content-type": "text/x-yaml" }, body: yaml }
  }
  const response: BootstrapResponse = {
    bootstrap: Buffer.from(yaml).toString("base64"),
    kumaSidecarConfiguration: {
      networking: { address, corefileTemplate: null },
      metrics: { aggregate: aggregate.map((one) => ({ ...one, address: one.address || address })) }
    }
  }
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(response) }
}

export interface Problem {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly violations?: ReadonlyArray<Violation>
  readonly retryAfterMillis?: number
}

export const problemAnswer = (problem: Problem): BootstrapAnswer => {
  const violations = problem.violations ?? []
  const body: ErrorBody = {
    type: "/std-errors",
    status: problem.status,
    title: problem.title,
    detail: problem.detail,
    ...(violations.length === 0 ? {} : {
      invalid_parameters: violations.map(({ field, message }) => ({ field, reason: message })),
      causes: violations
    })
  }
  return {
    status: problem.status,
    headers: {
      "content-type": "application/json",
      ...(problem.retryAfterMillis === undefined
        ? {}
        : { "retry-after": String(Math.max(1, Math.ceil(problem.retryAfterMillis / 1_000))) })
    },
    body: JSON.stringify(body)
  }
}
