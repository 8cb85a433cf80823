import { expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { tryIssuer } from "../../../src/controllers/token/tryIssuer.ts"
import { whyUnreachable } from "../../../src/controllers/token/whyUnreachable.ts"
import { TokenIssuer, TokenIssuerFailed } from "../../../src/model/TokenIssuer.ts"

it.effect("an issuer is tried at the start, ever less often, and what is wrong is told once until it changes", () =>
  Effect.gen(function*() {
    let tries = 0
    const issuer = Layer.succeed(TokenIssuer, {
      issue: () =>
        Effect.suspend(() => {
          tries++
          return tries > 6
            ? Effect.succeed(Redacted.make("token"))
            : new TokenIssuerFailed(
              tries < 6 ? { kind: "unavailable", message: "down" } : { kind: "denied", message: "denied" }
            )
        }),
      objection: () => Effect.succeed(null),
      changes: Stream.never
    })
    let told = 0
    const log = Logger.layer([Logger.make(() => {
      told++
    })])
    const fiber = yield* Effect.forkChild(tryIssuer().pipe(Effect.provide(Layer.merge(issuer, log))))
    yield* TestClock.adjust("7 seconds")
    expect([tries, told]).toEqual([4, 1])
    yield* TestClock.adjust("24 seconds")
    expect([tries, told]).toEqual([6, 2])
    yield* TestClock.adjust("32 seconds")
    yield* Fiber.join(fiber)
    expect([tries, told]).toEqual([7, 3])
  }))

it.each([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "https://cp:5682", "KUMA_API_CA_BYTES"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "https://cp:5682", "other names"],
  ["EPROTO", "https://cp:5681", "doesn't speak TLS"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "https://cp:5681", "5682 is the API's HTTPS port"],
  ["ECONNRESET", "http://127.0.0.1:5682", "say https://"],
  ["ECONNREFUSED", "https://cp:5682", "nobody listens there"],
  ["ENOTFOUND", "https://cp:5682", "its name isn't known"]
])("an API that can't be reached by %s at %s says what to change", (code, url, remedy) => {
  expect(whyUnreachable(Object.assign(new Error("as Node says it"), { code }), new URL(url))).toContain(remedy)
})
