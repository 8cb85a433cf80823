import { describe, expect, it } from "vitest"
import { KEPT_SUBSCRIPTIONS, mergeInsight } from "../../../src/cp/insight/mergeInsight.ts"
import {
  foldSession,
  openSession,
  type ProxySession,
  type SessionEvent,
  toSubscription
} from "../../../src/cp/insight/ProxySession.ts"

const CDS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
const SDS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"

const session = (id = "s-1", connectedAt = 0): ProxySession =>
  openSession({ id, instanceId: "cp-1", connectedAt, version: { envoy: { version: "1.40.0" } }, features: [] })
const fold = (...events: ReadonlyArray<SessionEvent>): ProxySession => events.reduce(foldSession, session())

describe("a session", () => {
  it("counts by type and in total, as text", () => {
    const folded = fold(
      { _tag: "Pushed", typeUrl: CDS, at: 1 },
      { _tag: "Pushed", typeUrl: SDS, at: 2 },
      { _tag: "Acked", typeUrl: CDS, at: 3 },
      { _tag: "Nacked", typeUrl: SDS, message: "no", at: 4 }
    )
    expect(toSubscription(folded)).toEqual({
      id: "s-1",
      controlPlaneInstanceId: "cp-1",
      connectTime: "1970-01-01T00:00:00.000Z",
      status: {
        lastUpdateTime: "1970-01-01T00:00:00.004Z",
        total: { responsesSent: "2", responsesAcknowledged: "1", responsesRejected: "1" },
        cds: { responsesSent: "1", responsesAcknowledged: "1" },
        eds: {},
        lds: {},
        rds: {}
      },
      version: { envoy: { version: "1.40.0" } }
    })
  })

  it("shows a refusal until its type is accepted again", () => {
    const nacked = fold({ _tag: "Nacked", typeUrl: CDS, message: "bad", at: 5 })
    expect(mergeInsight(undefined, nacked).rejections).toEqual([
      { typeUrl: CDS, message: "bad", time: "1970-01-01T00:00:00.005Z" }
    ])
    const others = foldSession(nacked, { _tag: "Acked", typeUrl: SDS, at: 6 })
    expect(mergeInsight(undefined, others).rejections).toHaveLength(1)
    expect(mergeInsight(undefined, foldSession(nacked, { _tag: "Acked", typeUrl: CDS, at: 6 })).rejections).toBeUndefined()
  })

  it("ends with the time of its end", () => {
    expect(toSubscription(fold({ _tag: "Disconnected", at: 1_000 })).disconnectTime).toBe("1970-01-01T00:00:01.000Z")
  })
})

describe("an insight", () => {
  it("tells what its proxy can do, as the newest stream has it", () => {
    const able = (id: string, at: number, features: ReadonlyArray<string>) =>
      openSession({ id, instanceId: "cp-1", connectedAt: at, version: null, features })
    const first = mergeInsight(undefined, able("a", 0, ["feature-x"]))
    expect(first.metadata).toEqual({ features: ["feature-x"] })
    const second = mergeInsight(first, able("b", 1_000, ["feature-x", "feature-y"]))
    expect(second.metadata).toEqual({ features: ["feature-x", "feature-y"] })
    // The older one's last word.
    expect(mergeInsight(second, foldSession(able("a", 0, ["feature-x"]), { _tag: "Disconnected", at: 1_001 })).metadata)
      .toEqual(second.metadata)
    expect(mergeInsight(second, able("c", 2_000, [])).metadata).toBeUndefined()
  })

  it("ends a session that a replica left open when a newer one begins, and keeps the newest open", () => {
    const insight = mergeInsight(mergeInsight(undefined, session("left", 0)), session("new", 1_000))
    expect(insight.subscriptions.map(({ disconnectTime }) => disconnectTime)).toEqual(["1970-01-01T00:00:01.000Z", undefined])
  })

  it("keeps other replicas' sessions, replaces its own, and remembers the newest few", () => {
    let insight = mergeInsight(undefined, session("other", 0))
    insight = mergeInsight(insight, session("mine", 1))
    insight = mergeInsight(insight, foldSession(session("mine", 1), { _tag: "Disconnected", at: 2 }))
    expect(insight.subscriptions.map(({ id, disconnectTime }) => [id, disconnectTime !== undefined])).toEqual([
      ["other", true],
      ["mine", true]
    ])
    for (let at = 2; at < 30; at++) insight = mergeInsight(insight, session(`s-${at}`, at))
    expect(insight.subscriptions).toHaveLength(KEPT_SUBSCRIPTIONS)
    expect(insight.subscriptions.at(-1)?.id).toBe("s-29")
  })

  it("never forgets that the proxy once took its listeners, however often it came back since", () => {
    const LDS = "type.googleapis.com/envoy.config.listener.v3.Listener"
    const listening = foldSession(session("listening", 0), { _tag: "Acked", typeUrl: LDS, at: 0 })
    let insight = mergeInsight(undefined, listening)
    for (let at = 1; at < 30; at++) insight = mergeInsight(insight, session(`s-${at}`, at))
    expect(insight.subscriptions).toHaveLength(KEPT_SUBSCRIPTIONS)
    expect(insight.subscriptions[0]).toMatchObject({ id: "listening", status: { lds: { responsesAcknowledged: "1" } } })
    expect(insight.subscriptions.at(-1)?.id).toBe("s-29")
  })

  it("counts a certificate once, however often it is written", () => {
    const certificate = { issuedAt: 0, expiresAt: 86_400_000, backend: "ca-1" }
    const first = foldSession(session(), { _tag: "Certified", certificate, at: 0 })
    let insight = mergeInsight(mergeInsight(undefined, first), first)
    expect(insight.mTLS).toMatchObject({ certificateRegenerations: 1, issuedBackend: "ca-1" })
    const renewed = foldSession(first, { _tag: "Certified", certificate: { ...certificate, issuedAt: 1_000 }, at: 1_000 })
    insight = mergeInsight(insight, renewed)
    expect(insight.mTLS).toMatchObject({
      certificateRegenerations: 2,
      lastCertificateRegeneration: "1970-01-01T00:00:01.000Z"
    })
  })

  it("isn't turned back by the last word of an older stream", () => {
    const newer = foldSession(session("newer", 10), { _tag: "Nacked", typeUrl: CDS, message: "bad", at: 11 })
    const after = mergeInsight(mergeInsight(undefined, newer), foldSession(session("older", 1), { _tag: "Disconnected", at: 12 }))
    expect(after.rejections).toHaveLength(1)
    expect(after.subscriptions.map(({ id }) => id)).toEqual(["older", "newer"])
  })
})
