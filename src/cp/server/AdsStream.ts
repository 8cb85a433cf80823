/**
 * One proxy's ADS stream: the thin loop around the pure folds. Requests go into `receive*`, `nextResponse` says what
 * goes out; one response is in the socket's hands at a time, so that a slow reader is always sent the newest state
 * and never queues more than that one.
 */
import { Metadata, status } from "@grpc/grpc-js"
import type { ServerDuplexStream } from "@grpc/grpc-js"
import type { Identity, ProxyClaim } from "../auth/Authenticator.ts"
import type { SessionRecorder } from "../insight/Insights.ts"
import type { ProxySnapshot } from "../xds/XdsResource.ts"
import { type Answered, nextRetry, type NackPolicy } from "./ack.ts"
import { nextResponse } from "./nextResponse.ts"
import { excessOf } from "./limits.ts"
import type { Outgoing } from "./Outgoing.ts"
import type { Published } from "./ProxySnapshots.ts"
import type { ProxyStream } from "./ProxyStream.ts"
import type { Received } from "./receive.ts"
import type { StreamState } from "./StreamState.ts"
import { asksFor, requestWork, responseWork } from "./work.ts"

export type StreamEvent =
  | { readonly _tag: "Pushed"; readonly outgoing: Outgoing; readonly latencyMillis: number | null }
  | { readonly _tag: "Answered"; readonly typeUrl: string; readonly answered: Answered }

export interface AdsStreamOptions {
  readonly state: StreamState
  readonly encode: (outgoing: Outgoing) => Buffer
  readonly policy: NackPolicy
  readonly onEvent: (event: StreamEvent) => void
  /** What the proxy cost just now, in units of work.ts. */
  readonly spend: (work: number, now: number) => void
  /** Cuts the connection of a proxy that doesn't even read its stream's end. */
  readonly kill: () => void
}

/** How long a closed stream may take to end by itself. Who has read its end is reset before that (resetAnswered). */
const CLOSE_MILLIS = 4_000

/** What a stream is once its proxy is authenticated. */
export interface Admitted {
  readonly claim: ProxyClaim
  readonly identity: Identity
  readonly recorder: SessionRecorder
}

export interface CloseReason {
  readonly code: status
  readonly message: string
}

export class AdsStream {
  readonly admitted: Admitted
  private state: StreamState
  private snapshot: ProxySnapshot | null = null
  /** When the newest snapshot's cause happened, until a response carries it. */
  private changedAt: number | null = null
  private writing = false
  /** Until all that it asked for is sent and answered: what the mesh changes from then on isn't its doing. */
  private asks = true
  private closed = false
  private retry: NodeJS.Timeout | undefined
  private readonly call: ServerDuplexStream<unknown, Buffer>
  private readonly options: AdsStreamOptions

  constructor(call: ServerDuplexStream<unknown, Buffer>, admitted: Admitted, options: AdsStreamOptions) {
    this.call = call
    this.admitted = admitted
    this.options = options
    this.state = options.state
  }

  /** As it is now, to be looked at. */
  get looked(): ProxyStream {
    const { peerAddress } = this.admitted.claim
    return { subscriptions: this.state.subscriptions, snapshot: this.snapshot, peerAddress }
  }

  /** A snapshot newer than all before. */
  publish(published: Published): void {
    // The first one is the proxy's own arrival, not a change of the mesh.
    if (this.snapshot !== null) this.changedAt ??= published.changedAt
    this.snapshot = published.snapshot
    this.flush()
  }

  /**
   * Folds one request in; `receive` is the fold of this stream's protocol, `otherBytes` what the request has beside
   * names. Answers why the stream asks for too much since, or null.
   */
  accept(typeUrl: string, receive: (state: StreamState) => Received, otherBytes: number): string | null {
    const received = receive(this.state)
    const { answered, state } = received
    this.state = state
    this.asks ||= asksFor(received)
    this.options.spend(requestWork(received, otherBytes), Date.now())
    if (answered !== null) this.options.onEvent({ _tag: "Answered", typeUrl, answered })
    const excess = excessOf(state)
    if (excess === null) this.flush()
    return excess
  }

  close(reason: CloseReason): void {
    if (this.closed) return
    this.end()
    closeOrKill(this.call, reason, this.options.kill)
  }

  /** The call is over, whoever ended it. */
  end(): void {
    this.closed = true
    clearTimeout(this.retry)
  }

  private flush(): void {
    if (this.writing || this.closed || this.snapshot === null) return
    const now = Date.now()
    const { outgoing, state } = nextResponse(this.state, this.snapshot, now)
    this.state = state
    if (outgoing === null) {
      // The change concerned nothing that this proxy asked for, unless it waits behind what is unanswered.
      if (allAnswered(this.state)) {
        this.changedAt = null
        this.asks = false
      }
      return this.wakeForRetry(this.snapshot, now)
    }
    this.writing = true
    if (this.asks) this.options.spend(responseWork(outgoing, state), now)
    // Called back once the bytes are with the peer's flow-control window, not merely queued.
    this.call.write(this.options.encode(outgoing), () => {
      this.writing = false
      this.flush()
    })
    const latencyMillis = this.changedAt === null ? null : Math.max(0, now - this.changedAt)
    this.changedAt = null
    this.options.onEvent({ _tag: "Pushed", outgoing, latencyMillis })
  }

  private wakeForRetry(snapshot: ProxySnapshot, now: number): void {
    clearTimeout(this.retry)
    const at = nextRetry(this.state.subscriptions.values(), snapshot)
    if (at === null) return
    this.retry = setTimeout(() => this.flush(), Math.max(0, at - now))
    this.retry.unref()
  }
}

const allAnswered = ({ subscriptions }: StreamState): boolean => {
  for (const { unanswered } of subscriptions.values()) if (unanswered.length > 0) return false
  return true
}

/** Ends a call with a status; grpc-js takes it from an `error` event. */
export const closeCall = (call: Pick<ServerDuplexStream<unknown, Buffer>, "emit">, reason: CloseReason): void => {
  call.emit("error", Object.assign(new Error(reason.message), {
    code: reason.code,
    details: reason.message,
    metadata: new Metadata()
  }))
}

/** Ends a call whose peer may not even read that: its connection is cut then. */
export const closeOrKill = (
  call: Pick<ServerDuplexStream<unknown, Buffer>, "emit" | "once">,
  reason: CloseReason,
  kill: () => void
): void => {
  closeCall(call, reason)
  const killing = setTimeout(kill, CLOSE_MILLIS)
  killing.unref()
  call.once("close", () => clearTimeout(killing))
}
