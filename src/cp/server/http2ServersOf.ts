import type { Server } from "@grpc/grpc-js"
import { EventEmitter } from "node:events"

/** After the injector was made. Throws where grpc-js hides its HTTP/2 server elsewhere: it has no public way there. */
export const http2ServersOf = (grpc: Server): ReadonlyArray<EventEmitter> => {
  const servers: unknown = Reflect.get(grpc, "http2Servers")
  const found = servers instanceof Map ? [...servers.keys()].filter((server) => server instanceof EventEmitter) : []
  if (found.length === 0) throw new Error("grpc-js shows no HTTP/2 server: what it leaves open couldn't be guarded")
  return found
}
