/**
 * A control plane somewhere else as an issuer of dataplane tokens, by its REST API: ours or Kuma's. It can issue and no
 * more: which keys and revocations there are, the API doesn't tell.
 */
import { request } from "node:https"
import { request as requestInClear } from "node:http"
import { Effect, Layer, Redacted, Stream } from "effect"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { type ServiceToken, TokenIssuer, TokenIssuerFailed } from "../../model/TokenIssuer.ts"
import { whyUnreachable } from "./whyUnreachable.ts"

export interface ControlPlaneApi {
  /** `https://controlplane.mesh:5682`; plain http only where the API is on the same host. */
  readonly url: URL
  /** A user token that may generate dataplane tokens; null: none is shown. */
  readonly token: Redacted.Redacted | null
  /** PEM; null: the CAs that Node knows. */
  readonly ca: string | null
}

interface Answer {
  readonly status: number
  readonly text: string
}

const WITHIN_MILLIS = 10_000

/** No token is this long, and no error worth reading. */
const MAX_CHARACTERS = 64 * 1024

const failed = (kind: TokenIssuerFailed["kind"], message: string) => new TokenIssuerFailed({ kind, message })

const post = ({ ca, token, url }: ControlPlaneApi, path: string, body: string): Effect.Effect<Answer, Error> =>
  Effect.tryPromise({
    try: (signal) =>
      new Promise<Answer>((resolve, reject) => {
        const call = (url.protocol === "https:" ? request : requestInClear)(new URL(path, url), {
          method: "POST",
          signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MILLIS)]),
          agent: false,
          headers: {
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
            ...(token === null ? {} : { authorization: `Bearer ${Redacted.value(token)}` })
          },
          ...(ca === null ? {} : { ca })
        })
        call.once("error", reject)
        call.once("response", (response) => {
          let text = ""
          response.setEncoding("utf8")
          response.on("data", (chunk: string) => {
            text += chunk
            if (text.length > MAX_CHARACTERS) call.destroy(new Error("the answer is too long for a token"))
          })
          response.once("error", reject)
          response.once("end", () => resolve({ status: response.statusCode ?? 0, text }))
        })
        call.end(body)
      }),
    catch: (cause) => cause instanceof Error ? cause : new Error(String(cause))
  })

/** By the status alone: what else an answer says isn't passed on, as there might be a token in it. */
const judge = ({ status, text }: Answer, { url }: ControlPlaneApi, mesh: string) => {
  if (status === 200) return Effect.succeed(Redacted.make(text.trim()))
  if (status === 401 || status === 403) {
    return Effect.fail(failed(
      "denied",
      `${url.origin} lets KUMA_API_TOKEN issue no dataplane token (${status}): give it a user token of a group that ` +
        "may, mesh-system:admin say"
    ))
  }
  // Kuma has no signing key for a mesh that it doesn't have, and says so with 404, 400 or, in some versions, 500.
  return Effect.fail(
    status >= 500
      ? failed("unavailable", `${url.origin} can't issue a token now (${status}); see that mesh "${mesh}" is there`)
      : failed("unknownMesh", `${url.origin} issues no dataplane token of mesh "${mesh}" (${status}): create the mesh`)
  )
}

const issue = Effect.fn("ApiTokenIssuer.issue")(function*(
  api: ControlPlaneApi,
  { mesh, service, validForMillis }: ServiceToken
) {
  const validFor = `${Math.ceil(validForMillis / 1000)}s`
  const body = JSON.stringify({ mesh, tags: { [SERVICE_TAG]: [service] }, validFor })
  const answer = yield* post(api, "/tokens/dataplane", body).pipe(
    Effect.mapError((cause) => failed("unavailable", whyUnreachable(cause, api.url)))
  )
  return yield* judge(answer, api, mesh)
})

export const apiTokenIssuer = (api: ControlPlaneApi): Layer.Layer<TokenIssuer> =>
  Layer.succeed(TokenIssuer, {
    issue: (wanted) => issue(api, wanted),
    objection: () => Effect.succeed(null),
    changes: Stream.never
  })
