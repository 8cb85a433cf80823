/**
 * grpc-js takes a call that it gave a status for over, yet the stream below stays until the peer ends its half too. Who
 * never does would keep its connection from ever being idle.
 *
 * "A server MAY request that the client abort transmission of a request without error by sending a RST_STREAM with an
 * error code of NO_ERROR after sending a complete response." https://www.rfc-editor.org/rfc/rfc9113#section-8.1
 */
import type { Server } from "@grpc/grpc-js"
import type { ServerHttp2Stream } from "node:http2"
import { http2ServersOf } from "./http2ServersOf.ts"

/** For a peer that ends its half itself, having read the status. */
const PATIENCE_MILLIS = 2_000

const guard = (stream: ServerHttp2Stream): void => {
  stream.once("finish", () => {
    const reset = setTimeout(() => stream.close(), PATIENCE_MILLIS)
    reset.unref()
    stream.once("close", () => clearTimeout(reset))
  })
}

/** After the injector was made. */
export const resetAnswered = (grpc: Server): void => {
  for (const server of http2ServersOf(grpc)) server.on("stream", guard)
}
