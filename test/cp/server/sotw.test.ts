import { describe, expect, it } from "vitest"
import { versionOf } from "../../../src/cp/server/versionOf.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { Conversation, type Sent } from "./conversation.ts"
import { resource, snapshot } from "./resources.ts"

const brief = (all: ReadonlyArray<Sent>) => all.map(({ type, names }) => [type, ...names].join(" "))

const accept = (talk: Conversation, sent: Sent, names: ReadonlyArray<string> = []): void =>
  void talk.request(sent.type, names, { nonce: sent.nonce, version: sent.version })

const started = (content: Parameters<typeof snapshot>[0]): Conversation => {
  const talk = new Conversation("sotw", snapshot(content))
  talk.request("Cluster")
  talk.request("Listener")
  for (const sent of talk.drain()) accept(talk, sent)
  return talk
}

describe("a state-of-the-world stream", () => {
  it("answers a first wildcard request even with nothing", () => {
    const talk = new Conversation("sotw", snapshot({}))
    talk.request("Cluster")
    expect(brief(talk.drain())).toEqual(["Cluster"])
  })

  it("repeats all clusters when one changes, and of assignments only the changed", () => {
    const talk = started({ Cluster: { a: "1", b: "1" }, ClusterLoadAssignment: { a: "1", b: "1" } })
    talk.request("ClusterLoadAssignment", ["a", "b"])
    for (const sent of talk.drain()) accept(talk, sent, ["a", "b"])
    talk.snapshot = snapshot({ Cluster: { a: "1", b: "1" }, ClusterLoadAssignment: { a: "2", b: "1" } })
    expect(brief(talk.drain())).toEqual(["ClusterLoadAssignment a@2"])
    talk.snapshot = snapshot({ Cluster: { a: "1", b: "2" }, ClusterLoadAssignment: { a: "2", b: "1" } })
    expect(brief(talk.drain())).toEqual(["Cluster a@1 b@2", "ClusterLoadAssignment b@1"])
  })

  it("sends nothing when nothing changed, nor for an acknowledgement", () => {
    const talk = started({ Cluster: { a: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "1" } })
    expect(talk.drain()).toEqual([])
  })

  it("leaves a removed cluster in until the listeners were accepted", () => {
    const talk = started({ Cluster: { old: "1" }, Listener: { l: "1" } })
    talk.snapshot = snapshot({ Cluster: { new: "1" }, Listener: { l: "2" } })
    const [cluster, listener, ...rest] = talk.drain()
    expect(brief([cluster!, listener!, ...rest])).toEqual(["Cluster new@1 old@1", "Listener l@2"])
    accept(talk, cluster!)
    accept(talk, listener!)
    expect(brief(talk.drain())).toEqual(["Cluster new@1"])
  })

  it("takes away what is gone once one answer settled all that was sent before it, as Envoy's does", () => {
    const talk = started({ Cluster: { a: "1" } })
    const pushed = ["b", "c", "d"].flatMap((name, index) => {
      talk.snapshot = snapshot({ Cluster: { a: "1", [name]: String(index) } })
      return [...talk.drain()]
    })
    expect(pushed).toHaveLength(3)
    const last = pushed[2]!
    expect(talk.request("Cluster", [], { nonce: last.nonce, version: last.version })).toMatchObject({
      _tag: "Acked",
      sent: { nonce: last.nonce },
      earlier: pushed.slice(0, 2).map(({ nonce }) => ({ nonce }))
    })
    expect(brief(talk.drain())).toEqual(["Cluster a@1 d@2"])
  })

  it("holds what is gone as long as the newest answer is one to something before the last", () => {
    const talk = started({ Cluster: { a: "1" } })
    talk.snapshot = snapshot({ Cluster: { b: "1" } })
    const [first] = talk.drain()
    talk.snapshot = snapshot({ Cluster: { c: "1" } })
    const [second] = talk.drain()
    accept(talk, first!)
    expect(talk.drain()).toEqual([])
    accept(talk, second!)
    expect(brief(talk.drain())).toEqual(["Cluster c@1"])
  })

  it("says nothing of what came before a refused state, and waits for it no longer", () => {
    const talk = started({ Cluster: { a: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "2" } })
    talk.drain()
    talk.snapshot = snapshot({ Cluster: { a: "3" } })
    const [last] = talk.drain()
    expect(talk.request("Cluster", [], { nonce: last!.nonce, error: "bad" })).toMatchObject({ _tag: "Nacked" })
    talk.snapshot = snapshot({ Cluster: { b: "1" } })
    const [next] = talk.drain()
    expect(brief([next!])).toEqual(["Cluster b@1 a@3"])
    accept(talk, next!)
    expect(brief(talk.drain())).toEqual(["Cluster b@1"])
  })

  it("doesn't repeat clusters to a proxy that comes back with the version it has", () => {
    const first = new Conversation("sotw", snapshot({ Cluster: { a: "1" }, ClusterLoadAssignment: { a: "1" } }))
    first.request("Cluster")
    const [sent] = first.drain()
    const again = new Conversation("sotw", first.snapshot)
    again.request("Cluster", [], { version: sent!.version })
    again.request("ClusterLoadAssignment", ["a"], { version: "whatever" })
    expect(brief(again.drain())).toEqual(["ClusterLoadAssignment a@1"])
  })

  it("doesn't repeat them either where the proxy asks before there is a snapshot for it", () => {
    const content = snapshot({ Cluster: { a: "1" } })
    const first = new Conversation("sotw", content)
    first.request("Cluster")
    const [sent] = first.drain()
    const again = new Conversation("sotw", new Map())
    again.request("Cluster", [], { version: sent!.version })
    again.snapshot = content
    expect(again.drain()).toEqual([])
    again.snapshot = snapshot({ Cluster: { a: "2" } })
    expect(brief(again.drain())).toEqual(["Cluster a@2"])
  })

  it("takes a stale request's names for nothing, and a current one's for all", () => {
    const talk = new Conversation("sotw", snapshot({ ClusterLoadAssignment: { a: "1", b: "1" } }))
    talk.request("ClusterLoadAssignment", ["a"])
    const [first] = talk.drain()
    talk.snapshot = snapshot({ ClusterLoadAssignment: { a: "2", b: "1" } })
    const [second] = talk.drain()
    talk.request("ClusterLoadAssignment", ["b"], { nonce: first!.nonce })
    expect(talk.drain()).toEqual([])
    talk.request("ClusterLoadAssignment", ["a", "b"], { nonce: second!.nonce })
    expect(brief(talk.drain())).toEqual(["ClusterLoadAssignment b@1"])
  })

  it("repeats a refused state later but no more than a few times, another one at once", () => {
    const talk = started({ Cluster: { a: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "2" } })
    const refuse = (sent: Sent) => talk.request("Cluster", [], { nonce: sent.nonce, error: "bad" })
    expect(refuse(talk.next()!)).toMatchObject({ _tag: "Nacked", message: "bad" })
    const times: Array<number> = []
    for (talk.now = 0; talk.now < 100_000; talk.now += 500) {
      const again = talk.next()
      if (again === null) continue
      times.push(talk.now)
      refuse(again)
    }
    expect(times).toEqual([1_000, 3_000])
    talk.snapshot = snapshot({ Cluster: { a: "3" } })
    expect(brief(talk.drain())).toEqual(["Cluster a@3"])
  })
})

it("the version of a state depends on its content alone, not on its order", () => {
  const [a, b] = [resource(TypeUrl.Cluster, "a", "1"), resource(TypeUrl.Cluster, "b", "1")]
  expect(versionOf([a, b])).toBe(versionOf([b, a]))
  expect(versionOf([a])).not.toBe(versionOf([b]))
})
