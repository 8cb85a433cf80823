/**
 * Node keeps the first of several `authorization` lines of an HTTP/2 request and drops the others without a word, so a
 * call with two credentials would look like a call with one. This puts them all back before grpc-js reads the headers.
 * https://nodejs.org/api/http2.html#headers-object
 */
import type { Server } from "@grpc/grpc-js"
import { http2ServersOf } from "./http2ServersOf.ts"

type Headers = Record<string, string | ReadonlyArray<string> | undefined>

/** `raw`: names and values in turn, as they came. */
const putBack = (_stream: unknown, headers: Headers, _flags: number, raw: ReadonlyArray<string>): void => {
  const values = raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === "authorization")
  if (values.length > 1) headers["authorization"] = values
}

/** After the injector was made. */
export const keepRepeatedCredentials = (grpc: Server): void => {
  for (const server of http2ServersOf(grpc)) server.prependListener("stream", putBack)
}
