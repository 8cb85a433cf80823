/**
 * One call to AWS: bounded in time, repeated with a jittered backoff where AWS throttles or doesn't answer, and
 * failing with a kind that says what the caller can do.
 */
import { type Duration, Effect, Predicate, Schedule } from "effect"
import { AwsCallFailed } from "./AwsCallFailed.ts"

export interface AwsCall<A> {
  readonly service: string
  readonly operation: string
  readonly run: (signal: AbortSignal) => Promise<A>
  /** For one attempt; 10 s where absent. */
  readonly within?: Duration.Input
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

export const callAws = <A>(
  { service, operation, run, within = "10 seconds" }: AwsCall<A>
): Effect.Effect<A, AwsCallFailed> =>
  Effect.tryPromise({ try: run, catch: (error) => awsCallFailed(service, operation, error) }).pipe(
    Effect.timeoutOrElse({
      duration: within,
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
    }),
    Effect.retry(retries)
  )
