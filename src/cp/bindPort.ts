/** Binds a server to its address, and says what to do where it can't be had. */
import { Effect, Schema } from "effect"
import type { Server } from "node:net"
import type { Listen } from "./config/ControlPlaneConfig.ts"
import { BIND_ADDRESS, type ListenVariables } from "./config/listeners.ts"
import { joinHostPort } from "./joinHostPort.ts"

/** The address is taken, or isn't this machine's. */
export class PortUnavailable extends Schema.TaggedError<PortUnavailable>()("PortUnavailable", {
  message: Schema.String
}) {}

/**
 * Connections that wait to be accepted. Thousands of proxies come back at one moment, and whose first packet is dropped
 * tries again a second later; the system's own bound (net.core.somaxconn) holds besides.
 */
const BACKLOG = 4_096

/** What the user can do: by the error's code. */
const remedy = (code: string | undefined, { address, port }: ListenVariables): string => {
  switch (code) {
    case "EADDRINUSE":
      return `end what uses it, or set ${port} or ${address}`
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `this machine has no such address; set ${address} or ${BIND_ADDRESS} to one that it has`
    default:
      return `set ${port} or ${address}`
  }
}

/**
 * The port in fact: where 0 was asked for, the one that was given. `variables`: those that name address and port.
 * Whoever binds it also closes it.
 */
export const bindPort = (server: Server, { address, port }: Listen, variables: ListenVariables) =>
  Effect.callback<number, PortUnavailable>((resume) => {
    const fail = ({ code, message }: NodeJS.ErrnoException): void =>
      resume(Effect.fail(
        new PortUnavailable({
          message: `can't listen on ${joinHostPort(address, port)} (${code ?? message}): ${remedy(code, variables)}`
        })
      ))
    server.once("error", fail)
    server.listen({ port, host: address, backlog: BACKLOG }, () => {
      server.off("error", fail)
      // A connection that can't be accepted (too many open files) is its caller's loss: the server goes on.
      server.on("error", () => {})
      const bound = server.address()
      resume(Effect.succeed(typeof bound === "object" && bound !== null ? bound.port : port))
    })
  })
