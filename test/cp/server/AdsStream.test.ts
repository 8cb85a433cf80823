// What of a stream's work is counted as its proxy's.
import type { ServerDuplexStream } from "@grpc/grpc-js"
import { describe, expect, it } from "vitest"
import { AdsStream } from "../../../src/cp/server/AdsStream.ts"
import type { Outgoing } from "../../../src/cp/server/Outgoing.ts"
import { receiveDelta } from "../../../src/cp/server/receive.ts"
import { streamState } from "../../../src/cp/server/StreamState.ts"
import { MAX_UNANSWERED } from "../../../src/cp/server/Subscription.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { resource } from "./resources.ts"

const POLICY = { backoffMillis: 1_000, attempts: 5 }
const RESOURCE_BYTES = 1_000_000
const typeUrl = TypeUrl.Cluster

/** A proxy of one great resource, whose peer takes everything at once. */
const start = () => {
  let spent = 0
  const sent: Array<Outgoing> = []
  const call = { write: (_: Buffer, done: () => void) => done(), emit: () => true, once: () => call }
  const admitted = {
    claim: { proxyType: "dataplane", mesh: "default", name: "kv-1", peerAddress: null },
    identity: { method: "none" },
    recorder: { record: () => {} }
  } as const
  const stream = new AdsStream(call as unknown as ServerDuplexStream<unknown, Buffer>, admitted, {
    state: streamState("delta"),
    encode: (outgoing) => {
      sent.push(outgoing)
      return Buffer.alloc(0)
    },
    policy: POLICY,
    onEvent: () => {},
    spend: (units) => void (spent += units),
    kill: () => {}
  })
  const request = (fields: { readonly nonce?: string; readonly names?: ReadonlyArray<string> }) =>
    stream.accept(typeUrl, (state) =>
      receiveDelta(state, {
        typeUrl,
        responseNonce: fields.nonce ?? "",
        error: null,
        resourceNamesSubscribe: fields.names ?? [],
        resourceNamesUnsubscribe: [],
        initialResourceVersions: {}
      }, { now: Date.now(), policy: POLICY }), 0)
  /** The mesh changes. */
  const change = (version: number): void =>
    stream.publish({
      snapshot: new Map([[typeUrl, new Map([["kv", resource(typeUrl, "kv", String(version), RESOURCE_BYTES)]])]]),
      changedAt: Date.now()
    })
  const answer = (): void => void request({ nonce: sent.at(-1)?.nonce ?? "" })
  /** Work of a response with the resource. */
  const whole = RESOURCE_BYTES / 256
  const during = (act: () => void): number => {
    const before = spent
    act()
    return spent - before
  }
  return { answer, change, during, request, sent, whole }
}

describe("a proxy's work", () => {
  it("is what it asks for, and not what the mesh changes afterwards", () => {
    const { answer, change, during, request, sent, whole } = start()
    change(0)
    expect(during(() => request({}))).toBeGreaterThan(whole)
    answer()
    expect(during(() => {
      for (let version = 1; version <= 100; version += 1) {
        change(version)
        answer()
      }
    })).toBeLessThan(whole)
    expect(sent).toHaveLength(101)
    expect(during(() => request({ names: ["kv"] }))).toBeGreaterThan(whole)
  })

  it("is what it asks for also where that is sent later, as it answers what it was sent before", () => {
    const { answer, change, during, request, sent, whole } = start()
    change(0)
    request({})
    answer()
    for (let version = 1; version <= MAX_UNANSWERED; version += 1) change(version)
    request({ names: ["kv"] })
    expect(sent).toHaveLength(1 + MAX_UNANSWERED)
    expect(during(() => request({ nonce: sent[1]?.nonce ?? "" }))).toBeGreaterThan(whole)
  })
})
