// What a control plane's API answers to the token controller that stands alone. A real one is in
// test/integration/tokenWay.test.ts.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createServer, type IncomingMessage } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { apiTokenIssuer, type ControlPlaneApi } from "../../../src/controllers/token/apiTokenIssuer.ts"
import { TokenIssuer } from "../../../src/model/TokenIssuer.ts"
import { makeCertificates } from "../../sidecar/startBootstrapServer.ts"

interface Asked {
  readonly path: string | undefined
  readonly method: string | undefined
  readonly authorization: string | undefined
  readonly body: unknown
}

const wanted = { mesh: "default", service: "kv", validForMillis: 90_000 }

const api = Effect.fnUntraced(function*(
  status: number,
  answer: string,
  change: Partial<ControlPlaneApi> = {},
  tls?: { readonly key: string; readonly cert: string }
) {
  const asked: Array<Asked> = []
  const listener = async (request: IncomingMessage) => {
    asked.push({
      path: request.url,
      method: request.method,
      authorization: request.headers.authorization,
      body: JSON.parse(await text(request))
    })
  }
  const server = yield* Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<ReturnType<typeof createServer>>((resolve) => {
        const handle = (request: IncomingMessage, response: { end: (text: string) => void; statusCode: number }) =>
          void listener(request).then(() => {
            response.statusCode = status
            response.end(answer)
          })
        const opened = tls === undefined ? createServer(handle) : createTlsServer(tls, handle)
        opened.listen(0, "127.0.0.1", () => resolve(opened))
      })
    ),
    (open) => Effect.sync(() => {
      open.closeAllConnections()
      open.close()
    })
  )
  const { port } = server.address() as AddressInfo
  const url = new URL(`${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`)
  const issue = Effect.flatMap(TokenIssuer, (issuer) => issuer.issue(wanted)).pipe(
    Effect.provide(apiTokenIssuer({ url, ca: null, token: Redacted.make("user-token"), ...change }))
  )
  return { asked, issue, port }
})

describe("a control plane's API as an issuer", () => {
  it.live("is asked as kumactl asks it, and its answer is the token", () =>
    Effect.gen(function*() {
      const { asked, issue } = yield* api(200, "a.b.c\n")
      assert.strictEqual(Redacted.value(yield* issue), "a.b.c")
      assert.deepStrictEqual(asked, [{
        path: "/tokens/dataplane",
        method: "POST",
        authorization: "Bearer user-token",
        body: { mesh: "default", tags: { "kuma.io/service": ["kv"] }, validFor: "90s" }
      }])
    }).pipe(Effect.scoped))

  it.live.each([
    [401, "denied"],
    [403, "denied"],
    [404, "unknownMesh"],
    [400, "unknownMesh"],
    [500, "unavailable"],
    [503, "unavailable"]
  ] as const)("that answers %i is %s, and what it says beside isn't passed on", ([status, kind]) =>
    Effect.gen(function*() {
      const { issue } = yield* api(status, "eyJ.secret.token")
      const failure = yield* Effect.flip(issue)
      assert.strictEqual(failure.kind, kind)
      assert.notMatch(JSON.stringify(failure) + failure.message, /eyJ|user-token/)
    }).pipe(Effect.scoped))

  it.live("that isn't there is unavailable", () =>
    Effect.gen(function*() {
      const { issue } = yield* api(200, "", { url: new URL("http://127.0.0.1:9") })
      const failure = yield* Effect.flip(issue)
      assert.strictEqual(failure.kind, "unavailable")
      assert.include(failure.message, "http://127.0.0.1:9")
    }).pipe(Effect.scoped))

  it.live("that answers without end is cut off", () =>
    Effect.gen(function*() {
      const { issue } = yield* api(200, "x".repeat(200_000))
      assert.include((yield* Effect.flip(issue)).message, "too long")
    }).pipe(Effect.scoped))

  it.live("must show a certificate of the CA that was given", () =>
    Effect.gen(function*() {
      const certificates = yield* Effect.promise(() => makeCertificates())
      const { issue } = yield* api(200, "a.b.c", { ca: certificates.ca }, certificates)
      assert.strictEqual(Redacted.value(yield* issue), "a.b.c")
      const stranger = yield* api(200, "a.b.c", {}, certificates)
      assert.strictEqual((yield* Effect.flip(stranger.issue)).kind, "unavailable")
      assert.deepStrictEqual(stranger.asked, [])
    }).pipe(Effect.scoped))
})
