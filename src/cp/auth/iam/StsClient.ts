/**
 * Asks STS whose signature a rebuilt request bears. Receives judged requests; produces what STS says of the caller, a
 * denial, or NotYetKnown. An outage or a throttle is never a denial and never a success.
 *
 * One token is asked about once at a time, however many doors wait for it. Answers are kept for a short while under
 * the digest of the whole request, so under endpoint, signed host, binding, credential, session token and signature.
 */
import { createHash } from "node:crypto"
import { Cache, Effect, Equal, Exit, Hash, Semaphore } from "effect"
import { BINDING_HEADER } from "../../../model/bindingValue.ts"
import { NotYetKnown, Refused } from "../Authenticator.ts"
import { askSts } from "./askSts.ts"
import { type CallerIdentity, readStsAnswer } from "./readStsAnswer.ts"
import type { StsRequest } from "./rebuildRequest.ts"

export interface StsLimits {
  /** For the whole exchange: waiting for a free place, connecting, the last byte of the body. */
  readonly deadlineMillis: number
  /** Exchanges under way at a time; more wait, within their deadline. */
  readonly concurrency: number
  /** Of these about one claimed proxy, whatever tokens are brought for it; further ones come again later. */
  readonly concurrencyOfProxy: number
  /** Answers that are kept, the least recently used going first. */
  readonly cached: number
  readonly acceptedMillis: number
  readonly deniedMillis: number
}

export const STS_LIMITS: StsLimits = {
  deadlineMillis: 5_000,
  concurrency: 32,
  concurrencyOfProxy: 2,
  cached: 4_096,
  acceptedMillis: 60_000,
  deniedMillis: 10_000
}

export interface StsClient {
  readonly identify: (request: StsRequest) => Effect.Effect<CallerIdentity, Refused | NotYetKnown>
}

/** A request that equals another where their digests do. */
class Question {
  readonly request: StsRequest
  readonly digest: string

  constructor(request: StsRequest) {
    this.request = request
    const { endpoint, path, headers } = request
    this.digest = createHash("sha256").update(JSON.stringify([endpoint, path, headers])).digest("hex")
  }

  [Hash.symbol](): number {
    return Hash.string(this.digest)
  }

  [Equal.symbol](that: unknown): boolean {
    return that instanceof Question && that.digest === this.digest
  }
}

export const makeStsClient = (limits: StsLimits = STS_LIMITS): Effect.Effect<StsClient> =>
  Effect.gen(function*() {
    const places = yield* Semaphore.make(limits.concurrency)

    /** Exchanges by the binding, which says what proxy is claimed. */
    const underWay = new Map<string, number>()

    /** Else whoever knows one task's id could hold every place by tokens that were never signed. */
    const enter = (proxy: string) =>
      Effect.suspend(() => {
        const others = underWay.get(proxy) ?? 0
        if (others >= limits.concurrencyOfProxy) {
          return Effect.fail(
            new NotYetKnown({
              reason: "ProxyAskedAbout",
              message: "AWS STS is being asked about other tokens of this proxy; bring one token at a time",
              retryAfterMillis: 2_000
            })
          )
        }
        underWay.set(proxy, others + 1)
        return Effect.void
      })

    const leave = (proxy: string): void => {
      const others = (underWay.get(proxy) ?? 0) - 1
      if (others > 0) underWay.set(proxy, others)
      else underWay.delete(proxy)
    }

    const exchange = (request: StsRequest): Effect.Effect<CallerIdentity, Refused | NotYetKnown> =>
      askSts(request).pipe(
        places.withPermits(1),
        Effect.timeoutOrElse({
          duration: limits.deadlineMillis,
          orElse: () =>
            Effect.fail(
              new NotYetKnown({
                reason: "StsTooSlow",
                message: `AWS STS didn't answer within ${limits.deadlineMillis} ms`,
                retryAfterMillis: 2_000
              })
            )
        }),
        Effect.flatMap((answer) => Effect.fromResult(readStsAnswer(answer)))
      )

    const ask = ({ request }: Question): Effect.Effect<CallerIdentity, Refused | NotYetKnown> => {
      const proxy = request.headers[BINDING_HEADER]
      return Effect.acquireUseRelease(
        enter(proxy),
        () => exchange(request),
        () => Effect.sync(() => leave(proxy))
      )
    }

    const answers = yield* Cache.makeWith(ask, {
      capacity: limits.cached,
      timeToLive: (exit) =>
        Exit.isSuccess(exit)
          ? limits.acceptedMillis
          : Exit.findErrorOption(exit).pipe((error) =>
            // What nobody could tell is asked again; only a denial is remembered.
            error._tag === "Some" && error.value._tag === "Refused" ? limits.deniedMillis : 0
          )
    })

    return { identify: (request) => Cache.get(answers, new Question(request)) }
  })
