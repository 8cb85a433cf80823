/**
 * The first moments of an ADS call: nothing is answered until its first request named a proxy and that was admitted.
 * Until then nobody knows whose further ones are, and they aren't read. How long that may take is bounded.
 */
import { type ServerDuplexStream, status } from "@grpc/grpc-js"
import type { ProxyClaim } from "../auth/Authenticator.ts"
import type { AdsProtocol, AdsRequest } from "./AdsProtocol.ts"
import type { Decoded } from "./adsService.ts"
import { type AdsStream, closeCall, type CloseReason } from "./AdsStream.ts"
import type { Application } from "./admission.ts"
import { nodeProxy } from "./nodeProxy.ts"
import type { NodeMetadata } from "./nodeSettings.ts"
import type { Outgoing } from "./Outgoing.ts"
import { paceOf } from "./Pace.ts"
import { peerAddress } from "./peerAddress.ts"
import type { StreamState } from "./StreamState.ts"

/** A call whose first request is there, to be admitted or refused. */
export interface Newcomer extends Application {
  readonly call: ServerDuplexStream<unknown, Buffer>
  /** The node's, as it came. */
  readonly metadata: NodeMetadata
  readonly state: StreamState
  readonly encode: (outgoing: Outgoing) => Buffer
  readonly admitted: (stream: AdsStream) => void
  readonly refused: (reason: CloseReason) => void
  readonly hasLeft: () => boolean
  /** Calls back once when the call is over, at once where it is already. */
  readonly onLeft: (listener: (reason: string) => void) => void
}

export interface AcceptOptions {
  readonly firstRequestMillis: number
  readonly welcome: (newcomer: Newcomer) => void
  /** Who asks for more than a proxy may; the call is ended with these words. */
  readonly exceeded: (claim: ProxyClaim, refused: Excess) => void
}

export interface Excess {
  readonly reason: string
  readonly message: string
}

/** A sidecar's metadata and its own resource are some KB. */
const MAX_FIRST_BYTES = 1024 * 1024

export const acceptCall = <R extends AdsRequest>(
  call: ServerDuplexStream<unknown, Buffer>,
  protocol: AdsProtocol<R>,
  options: AcceptOptions
): void => {
  let stream: AdsStream | null = null
  let claim: ProxyClaim | null = null
  let nodeName = ""
  let left: string | null = null
  let refused: CloseReason | null = null
  const pace = paceOf(call)
  /** The first, and what was being read as it came. */
  const waiting: Array<{ readonly request: R; readonly bytes: number }> = []
  const leaving: Array<(reason: string) => void> = []

  const refuse = (reason: CloseReason): void => {
    if (refused !== null || left !== null) return
    refused = reason
    waiting.length = 0
    if (stream === null) closeCall(call, reason)
    else stream.close(reason)
  }
  const leave = (reason: string): void => {
    if (left !== null) return
    left = refused?.message ?? reason
    clearTimeout(patience)
    for (const listener of leaving) listener(left)
  }
  const patience = setTimeout(
    () => refuse({ code: status.DEADLINE_EXCEEDED, message: "no discovery request came" }),
    options.firstRequestMillis
  )

  const exceed = (message: string): void => {
    const reason = "TooManyNames"
    if (claim !== null) options.exceeded(claim, { reason, message })
    refuse({ code: status.RESOURCE_EXHAUSTED, message: `${reason}: ${message}` })
  }

  const accept = (to: AdsStream, { bytes, request }: typeof waiting[number]): void => {
    if (left !== null || refused !== null) return
    const receive = (state: StreamState) => protocol.receive(state, request, Date.now())
    const excess = to.accept(request.typeUrl, receive, bytes - protocol.nameBytes(request))
    if (excess !== null) exceed(excess)
  }

  const begin = (request: R): void => {
    clearTimeout(patience)
    const metadata = request.node?.metadata ?? {}
    nodeName = request.node?.id ?? ""
    const named = nodeProxy({ id: nodeName, metadata })
    if (named._tag === "Invalid") return refuse({ code: status.INVALID_ARGUMENT, message: named.message })
    claim = { ...named.proxy, peerAddress: peerAddress(call.getPeer()) }
    const resource = metadata["dataplane.resource"]
    options.welcome({
      call,
      claim,
      credentials: call.metadata.get("authorization").map((value) => value.toString()),
      resource: typeof resource === "string" && resource !== "" ? resource : null,
      metadata,
      state: protocol.initial,
      encode: protocol.encode,
      admitted: (admitted) => {
        stream = admitted
        for (const early of waiting.splice(0)) accept(admitted, early)
        pace.release()
      },
      refused: refuse,
      hasLeft: () => left !== null || refused !== null,
      onLeft: (listener) => {
        if (left === null) leaving.push(listener)
        else listener(left)
      }
    })
  }

  call.on("data", (decoded: Decoded<R>) => {
    if (left !== null || refused !== null) return
    if ("invalid" in decoded) {
      return refuse({ code: status.INVALID_ARGUMENT, message: `not a discovery request: ${decoded.invalid}` })
    }
    if ("excess" in decoded) return exceed(decoded.excess)
    const { bytes, request } = decoded
    // "Only the first request on a stream is guaranteed to carry the node identifier. [...] The node identifier should
    // always be identical if present more than once on the stream." Envoy 1.38 and later leave it out.
    // https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
    if (claim !== null && request.node !== undefined && request.node.id !== "" && request.node.id !== nodeName) {
      return refuse({ code: status.INVALID_ARGUMENT, message: "the node id must stay the same for a whole stream" })
    }
    if (stream !== null) return accept(stream, decoded)
    if (claim === null && bytes > MAX_FIRST_BYTES) {
      return refuse({ code: status.RESOURCE_EXHAUSTED, message: `the first request is over ${MAX_FIRST_BYTES} bytes` })
    }
    waiting.push(decoded)
    if (claim !== null) return
    pace.hold()
    begin(request)
  })
  call.on("end", () => {
    leave("the proxy ended its stream")
    call.end()
  })
  call.on("cancelled", () => leave("the proxy's connection ended"))
  call.on("close", () => leave("the stream was closed"))
}
