/**
 * Reads a request from its socket, refusing in plain text, as Kuma's router does, what is no request for this API.
 */
import type { IncomingMessage } from "node:http"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { isDirectLoopback } from "./isDirectLoopback.ts"
import { errorBody, tooLarge } from "./Refusal.ts"
import { allowedMethods, findRoute, type Route } from "./Route.ts"

/** Bytes of a body; a mesh's largest resources take a few KiB. */
export const MAX_BODY = 1024 * 1024

/** A refusal by the router: text, and no JSON. */
export interface RouterRefusal {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

export type ReadRequest =
  | { readonly _tag: "Request"; readonly request: ApiRequest; readonly route: Route }
  | { readonly _tag: "RouterRefusal"; readonly refusal: RouterRefusal }
  | { readonly _tag: "TooLarge"; readonly response: ApiResponse }

const refuse = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): ReadRequest => ({
  _tag: "RouterRefusal",
  refusal: { status, text: `${status}: ${text}`, headers }
})

const decodePath = (rawPath: string): ReadonlyArray<string> | null => {
  try {
    return rawPath.replace(/\/+$/, "").split("/").slice(1).map(decodeURIComponent)
  } catch {
    return null
  }
}

/** What a request with a body may bring, by its method: a resource, or what a token is asked for with. */
const BODY_TYPES: Readonly<Record<string, RegExp>> = {
  PUT: /^(application\/json|application\/(x-)?yaml|text\/(x-)?yaml)\s*(;|$)/i,
  POST: /^application\/json\s*(;|$)/i
}

/** A token is text and the journal is lines, but their refusals are JSON. */
const MORE_ANSWERS: Partial<Record<Route["_tag"], string>> = {
  Tokens: "|text\\/(\\*|plain)",
  Journal: "|application\\/(jsonl|x-ndjson)"
}

const acceptsAnswer = (accept: string, route: Route): boolean => {
  const more = MORE_ANSWERS[route._tag] ?? ""
  const answers = new RegExp(`^\\s*(\\*\\/\\*|application\\/(\\*|json)${more})\\s*(;|$)`, "i")
  return accept === "" || accept.split(",").some((type) => answers.test(type))
}

const readBody = async (incoming: IncomingMessage): Promise<string | null> => {
  if (Number(incoming.headers["content-length"] ?? 0) > MAX_BODY) return null
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of incoming) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size > MAX_BODY) return null
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString("utf8")
}

export const readRequest = async (
  incoming: IncomingMessage,
  scheme: "http" | "https",
  localhostIsAdmin: boolean
): Promise<ReadRequest> => {
  const { headers, method = "GET", url = "/" } = incoming
  const mark = url.indexOf("?")
  const rawPath = mark < 0 ? url : url.slice(0, mark)
  const path = decodePath(rawPath)
  const route = path === null ? null : findRoute(path)
  if (path === null || route === null) return refuse(404, "Page Not Found")
  const methods = allowedMethods(route)
  if (!methods.includes(method)) return refuse(405, "Method Not Allowed", { allow: methods.join(", ") })
  const contentType = headers["content-type"] ?? ""
  const bodyTypes = BODY_TYPES[method]
  if (bodyTypes?.test(contentType) === false) return refuse(415, "Unsupported Media Type")
  if (!acceptsAnswer(headers.accept ?? "", route)) {
    return refuse(406, "Not Acceptable\n\nAvailable representations: application/json")
  }
  const body = bodyTypes === undefined ? "" : await readBody(incoming)
  if (body === null) {
    return { _tag: "TooLarge", response: { status: 413, body: errorBody(tooLarge(MAX_BODY)) } }
  }
  const { remoteAddress } = incoming.socket
  return {
    _tag: "Request",
    route,
    request: {
      method, path, rawPath, scheme, contentType, body,
      query: new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)),
      host: headers.host ?? "localhost",
      isAdmin: localhostIsAdmin && isDirectLoopback({ remoteAddress, scheme, headers })
    }
  }
}
