import { type Answered, nextRetry } from "../../../src/cp/server/ack.ts"
import { nextResponse } from "../../../src/cp/server/nextResponse.ts"
import type { Outgoing } from "../../../src/cp/server/Outgoing.ts"
import { receiveDelta, receiveSotw } from "../../../src/cp/server/receive.ts"
import { type StreamState, streamState } from "../../../src/cp/server/StreamState.ts"
import { type ProxySnapshot, TypeUrl } from "../../../src/cp/xds/XdsResource.ts"

type Type = keyof typeof TypeUrl

export interface Sent {
  readonly type: Type
  readonly nonce: string
  readonly version: string
  readonly names: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
}

const POLICY = { backoffMillis: 1_000, attempts: 3 }

/** A proxy and the folds that serve it, without a network: what the loop does, one step at a time. */
export class Conversation {
  state: StreamState
  now = 0
  snapshot: ProxySnapshot

  constructor(protocol: StreamState["protocol"], snapshot: ProxySnapshot) {
    this.state = streamState(protocol)
    this.snapshot = snapshot
  }

  /** Incremental request for names; without any it is the wildcard. */
  subscribe(type: Type, subscribe: ReadonlyArray<string> = [], initial: Readonly<Record<string, string>> = {}): void {
    this.#delta(type, { resourceNamesSubscribe: subscribe, initialResourceVersions: initial })
  }

  unsubscribe(type: Type, names: ReadonlyArray<string>): void {
    this.#delta(type, { resourceNamesUnsubscribe: names })
  }

  /** State-of-the-world request. */
  request(
    type: Type,
    names: ReadonlyArray<string> = [],
    fields: { readonly nonce?: string; readonly version?: string; readonly error?: string } = {}
  ): Answered | null {
    const request = {
      typeUrl: TypeUrl[type],
      versionInfo: fields.version ?? "",
      responseNonce: fields.nonce ?? "",
      error: fields.error ?? null,
      resourceNames: names
    }
    const received = receiveSotw(this.state, request, { now: this.now, policy: POLICY })
    this.state = received.state
    return received.answered
  }

  ack(sent: Sent): Answered | null {
    return this.#delta(sent.type, { responseNonce: sent.nonce })
  }

  nack(sent: Sent, error = "bad"): Answered | null {
    return this.#delta(sent.type, { responseNonce: sent.nonce, error })
  }

  /** The next response, or null. */
  next(): Sent | null {
    const { outgoing, state } = nextResponse(this.state, this.snapshot, this.now)
    this.state = state
    return outgoing === null ? null : describe(outgoing)
  }

  /** When the loop wakes to send something again; null: it sleeps until something happens. */
  wakesAt(): number | null {
    return nextRetry(this.state.subscriptions.values(), this.snapshot)
  }

  /** Every response that is due without further answers. */
  drain(): ReadonlyArray<Sent> {
    const all: Array<Sent> = []
    for (let sent = this.next(); sent !== null; sent = this.next()) all.push(sent)
    return all
  }

  /** Takes and accepts everything until nothing is due (incremental). */
  settle(): ReadonlyArray<Sent> {
    const all: Array<Sent> = []
    for (let batch = this.drain(); batch.length > 0; batch = this.drain()) {
      for (const sent of batch) this.ack(sent)
      all.push(...batch)
    }
    return all
  }

  #delta(type: Type, fields: Partial<Parameters<typeof receiveDelta>[1]>): Answered | null {
    const request = {
      typeUrl: TypeUrl[type],
      responseNonce: "",
      error: null,
      resourceNamesSubscribe: [],
      resourceNamesUnsubscribe: [],
      initialResourceVersions: {},
      ...fields
    }
    const received = receiveDelta(this.state, request, { now: this.now, policy: POLICY })
    this.state = received.state
    return received.answered
  }
}

const describe = (outgoing: Outgoing): Sent => ({
  type: (Object.keys(TypeUrl) as ReadonlyArray<Type>).find((type) => TypeUrl[type] === outgoing.typeUrl) ?? "Cluster",
  nonce: outgoing.nonce,
  version: outgoing.version,
  names: outgoing.resources.map(({ name, version }) => `${name}@${version}`),
  removed: outgoing.removed
})
