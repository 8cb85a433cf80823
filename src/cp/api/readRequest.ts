/**
 * Reads a request from its socket, refusing in plain text, as Kuma's router does, what is no request for this API.
 * The head comes first: who calls is judged by it, and what isn't let in sends its body in vain.
 */
import type { IncomingMessage } from "node:http"
import { withoutTrailingSlashes } from "../../model/withoutTrailingSlashes.ts"
import type { RequestHead } from "./ApiRequest.ts"
import { hasClientCertificate } from "./clientCertificates.ts"
import { isDirectLoopback } from "./isDirectLoopback.ts"
import { badRequest, type Refusal, tooLarge } from "./Refusal.ts"
import { allowedMethods, findRoute, type Route } from "./Route.ts"

/** Bytes of a body; a mesh's largest resources take a few KiB. */
export const MAX_BODY = 1024 * 1024

/** A refusal by the router: text, and no JSON. */
export interface RouterRefusal {
  readonly _tag: "RouterRefusal"
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

const refuse = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): RouterRefusal =>
  ({ _tag: "RouterRefusal", status, text: `${status}: ${text}`, headers })

/** No name has one, and no database takes a NUL. */
const CONTROL = /[\u0000-\u001f\u007f]/

const decodePath = (rawPath: string): ReadonlyArray<string> | null => {
  try {
    const path = withoutTrailingSlashes(rawPath).split("/").slice(1).map(decodeURIComponent)
    return path.some((segment) => CONTROL.test(segment)) ? null : path
  } catch {
    return null
  }
}

/** What a request with a body may bring, by its method: a resource, or what a token is asked for with. */
const BODY_TYPES: Readonly<Record<string, RegExp>> = {
  PUT: /^(application\/json|application\/(x-)?yaml|text\/(x-)?yaml)\s*(;|$)/i,
  POST: /^application\/json\s*(;|$)/i
}

/** A token is text, the journal is lines and the description YAML, but their refusals are JSON. */
const MORE_ANSWERS: Partial<Record<Route["_tag"], string>> = {
  Tokens: "|text\\/(\\*|plain)",
  Journal: "|application\\/(jsonl|x-ndjson)",
  OpenApi: "|application\\/((x-)?yaml|vnd\\.oai\\.openapi)|text\\/(\\*|(x-)?yaml|plain)"
}

const acceptsAnswer = (accept: string, route: Route): boolean => {
  const more = MORE_ANSWERS[route._tag] ?? ""
  const answers = new RegExp(`^\\s*(\\*\\/\\*|application\\/(\\*|json)${more})\\s*(;|$)`, "i")
  return accept === "" || accept.split(",").some((type) => answers.test(type))
}

/** Nothing of the body is read yet. */
export const readHead = (
  incoming: IncomingMessage,
  scheme: "http" | "https"
): ({ readonly _tag: "Head" } & RequestHead) | RouterRefusal => {
  const { headers, method = "GET", socket, url = "/" } = incoming
  const mark = url.indexOf("?")
  const rawPath = mark < 0 ? url : url.slice(0, mark)
  const path = decodePath(rawPath)
  const route = path === null ? null : findRoute(path)
  if (path === null || route === null) return refuse(404, "Page Not Found")
  const methods = allowedMethods(route)
  if (!methods.includes(method)) return refuse(405, "Method Not Allowed", { allow: methods.join(", ") })
  const remoteAddress = socket.remoteAddress ?? ""
  return {
    _tag: "Head",
    route, method, path, rawPath, scheme, headers, remoteAddress,
    query: new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)),
    host: headers.host ?? "localhost",
    caller: {
      isDirectLoopback: isDirectLoopback({ remoteAddress, scheme, headers }),
      hasClientCertificate: hasClientCertificate(socket),
      // Node keeps the first of several and drops the others.
      credentials: incoming.headersDistinct["authorization"] ?? []
    }
  }
}

/** What nobody may write there is refused for that, whatever it is. */
const isWritable = (route: RequestHead["route"]): boolean => route._tag !== "Single" || !route.descriptor.readOnly

/** What is wrong with how it speaks, or null. */
export const judgeContent = ({ headers, method, route }: RequestHead): RouterRefusal | null => {
  if (isWritable(route) && BODY_TYPES[method]?.test(headers["content-type"] ?? "") === false) {
    return refuse(415, "Unsupported Media Type")
  }
  return acceptsAnswer(headers.accept ?? "", route)
    ? null
    : refuse(406, "Not Acceptable\n\nAvailable representations: application/json")
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Empty where the method has none. */
export const readBody = async (incoming: IncomingMessage): Promise<string | Refusal> => {
  if (BODY_TYPES[incoming.method ?? ""] === undefined) return ""
  if (Number(incoming.headers["content-length"] ?? 0) > MAX_BODY) return tooLarge(MAX_BODY)
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of incoming) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size > MAX_BODY) return tooLarge(MAX_BODY)
    chunks.push(bytes)
  }
  try {
    return utf8.decode(Buffer.concat(chunks))
  } catch {
    return badRequest("the body isn't UTF-8")
  }
}
