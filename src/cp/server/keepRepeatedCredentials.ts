/**
 * Node keeps the first of several `authorization` lines of an HTTP/2 request and drops the others without a word, so a
 * call with two credentials would look like a call with one. This puts them all back before grpc-js reads the headers.
 * https://nodejs.org/api/http2.html#headers-object
 */
import type { Server } from "@grpc/grpc-js"
import { EventEmitter } from "node:events"

type Headers = Record<string, string | ReadonlyArray<string> | undefined>

/** `raw`: names and values in turn, as they came. */
const putBack = (_stream: unknown, headers: Headers, _flags: number, raw: ReadonlyArray<string>): void => {
  const values = raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === "authorization")
  if (values.length > 1) headers["authorization"] = values
}

/** After the injector was made. Throws where grpc-js hides its HTTP/2 server elsewhere: it has no public way there. */
export const keepRepeatedCredentials = (grpc: Server): void => {
  const servers: unknown = Reflect.get(grpc, "http2Servers")
  const found = servers instanceof Map ? [...servers.keys()].filter((server) => server instanceof EventEmitter) : []
  if (found.length === 0) throw new Error("grpc-js shows no HTTP/2 server: a repeated `authorization` would go unseen")
  for (const server of found) server.prependListener("stream", putBack)
}
