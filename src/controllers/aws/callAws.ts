/**
 * One call to AWS: bounded in time, within the operator's share of a quota where it has one, repeated with a jittered
 * backoff where AWS throttles or doesn't answer, and failing with a kind that says what the caller can do.
 */
import { type Duration, Effect, Predicate, Schedule } from "effect"
import { AwsCallFailed } from "./AwsCallFailed.ts"
import type { CallBudget } from "./CallBudget.ts"
import { CallLane } from "./CallLane.ts"

export interface AwsCall<A> {
  readonly service: string
  readonly operation: string
  readonly run: (signal: AbortSignal) => Promise<A>
  /** For one attempt; 10 s where absent. */
  readonly within?: Duration.Input
  /** What each attempt takes a token of; what AWS doesn't count so has none. */
  readonly budget?: CallBudget
  /** By which somebody may hurry it while it waits for its token, or for its next attempt. */
  readonly name?: string
  /** The token of the first attempt was taken already. */
  readonly paid?: boolean
}

const DENIED =
  /AccessDenied|NotAuthorized|UnauthorizedOperation|ExpiredToken|InvalidClientTokenId|UnrecognizedClient|Credentials/
const ABSENT = /NoSuchEntity|NotFound|NonExistentQueue|QueueDoesNotExist|DoesNotExist/
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|LimitExceededException/

const kindOf = (code: string, status: number | undefined): AwsCallFailed["kind"] => {
  if (DENIED.test(code)) return "denied"
  if (THROTTLED.test(code) || status === 429) return "throttled"
  if (ABSENT.test(code)) return "absent"
  return status === undefined || status >= 500 ? "unavailable" : "invalid"
}

const statusOf = (error: unknown): number | undefined => {
  if (!Predicate.hasProperty(error, "$metadata") || !Predicate.hasProperty(error.$metadata, "httpStatusCode")) {
    return undefined
  }
  return Predicate.isNumber(error.$metadata.httpStatusCode) ? error.$metadata.httpStatusCode : undefined
}

/** The SDK's error by what it means; `name` carries AWS's code. */
export const awsCallFailed = (service: string, operation: string, error: unknown): AwsCallFailed => {
  const code = error instanceof Error ? error.name : "Unknown"
  return new AwsCallFailed({
    service,
    operation,
    kind: kindOf(code, statusOf(error)),
    code,
    message: error instanceof Error && error.message !== "" ? error.message : `${service}:${operation} failed (${code})`
  })
}

/** 200 ms, doubled up to 5 s, each moved by chance; five attempts in all. */
const retries = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ times: 4 }),
  Schedule.setInputType<AwsCallFailed>(),
  Schedule.while(({ input }) => input.kind === "throttled" || input.kind === "unavailable")
)

/** The time that an attempt waits for its token isn't AWS's. */
const metered = <A>(
  { name, paid = false }: AwsCall<A>,
  budget: CallBudget,
  attempt: Effect.Effect<A, AwsCallFailed>
): Effect.Effect<A, AwsCallFailed> => {
  let isPaid = paid
  return Effect.gen(function*() {
    if (!isPaid) yield* budget.take(yield* CallLane, name)
    isPaid = false
    return yield* attempt
  }).pipe(
    Effect.tapError(({ kind }) => kind === "throttled" ? Effect.sync(budget.refused) : Effect.void)
  )
}

const attemptOf = <A>({ service, operation, run, within: duration = "10 seconds" }: AwsCall<A>) =>
  Effect.tryPromise({ try: run, catch: (error) => awsCallFailed(service, operation, error) }).pipe(
    Effect.timeoutOrElse({
      duration,
      orElse: () =>
        Effect.fail(
          new AwsCallFailed({
            service,
            operation,
            kind: "unavailable",
            code: "Timeout",
            message: `${service} gave no answer to ${operation} in time: check that its endpoint can be reached`
          })
        )
    })
  )

export const callAws = <A>(call: AwsCall<A>): Effect.Effect<A, AwsCallFailed> =>
  Effect.suspend(() => {
    const { budget, name } = call
    const attempt = attemptOf(call)
    if (budget === undefined) return Effect.retry(attempt, retries)
    const whole = Effect.retry(metered(call, budget, attempt), retries)
    return name === undefined ? whole : budget.during(name)(whole)
  })
