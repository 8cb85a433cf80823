import { describe, expect, it } from "vitest"
import { RESPONSE_BYTES } from "../../../src/cp/server/Outgoing.ts"
import type { Subscription } from "../../../src/cp/server/Subscription.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { Conversation } from "./conversation.ts"
import { resource, snapshot } from "./resources.ts"

const brief = (all: ReadonlyArray<{ readonly type: string; readonly names: ReadonlyArray<string>; readonly removed: ReadonlyArray<string> }>) =>
  all.map(({ type, names, removed }) => [type, ...names, ...removed.map((name) => `-${name}`)].join(" "))

const rejections = ({ pending }: Subscription): ReadonlyArray<string> =>
  [...pending].flatMap(([name, { rejected }]) => rejected === null ? [] : [name])

const started = (content: Parameters<typeof snapshot>[0]): Conversation => {
  const talk = new Conversation("delta", snapshot(content))
  talk.subscribe("Cluster")
  talk.subscribe("Listener")
  talk.settle()
  return talk
}

describe("an incremental stream", () => {
  it("answers a first wildcard request even with nothing", () => {
    const talk = new Conversation("delta", snapshot({}))
    talk.subscribe("Cluster")
    expect(brief(talk.drain())).toEqual(["Cluster"])
    expect(talk.drain()).toEqual([])
  })

  it("sends everything once, then only what changed", () => {
    const talk = started({ Cluster: { a: "1", b: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "1", b: "2" } })
    expect(brief(talk.drain())).toEqual(["Cluster b@2"])
  })

  it("sends nothing for a snapshot of equal versions", () => {
    const talk = started({ Cluster: { a: "1" }, Listener: { l: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "1" }, Listener: { l: "1" } })
    expect(talk.drain()).toEqual([])
  })

  it("goes on where the last stream ended, and removes what went meanwhile", () => {
    const talk = new Conversation("delta", snapshot({ Cluster: { a: "1", b: "2" } }))
    talk.subscribe("Cluster", [], { a: "1", b: "1", c: "1" })
    expect(brief(talk.settle())).toEqual(["Cluster b@2", "Cluster -c"])
  })

  it("answers every explicit name, known or not, and says which isn't there, once", () => {
    const talk = new Conversation("delta", snapshot({ ClusterLoadAssignment: { a: "1" } }))
    talk.subscribe("ClusterLoadAssignment", ["a", "x"], { a: "1" })
    expect(brief(talk.settle())).toEqual(["ClusterLoadAssignment a@1 -x"])
    talk.snapshot = snapshot({ ClusterLoadAssignment: { a: "1" } })
    expect(talk.settle()).toEqual([])
    talk.subscribe("ClusterLoadAssignment", ["a"])
    expect(brief(talk.settle())).toEqual(["ClusterLoadAssignment a@1"])
  })

  it("sends a named resource when it comes to exist", () => {
    const talk = new Conversation("delta", snapshot({}))
    talk.subscribe("Secret", ["s"])
    talk.settle()
    talk.snapshot = snapshot({ Secret: { s: "1" } })
    expect(brief(talk.settle())).toEqual(["Secret s@1"])
  })

  it("sends nothing of what was unsubscribed", () => {
    const talk = new Conversation("delta", snapshot({ ClusterLoadAssignment: { a: "1" } }))
    talk.subscribe("ClusterLoadAssignment", ["a"])
    talk.settle()
    talk.unsubscribe("ClusterLoadAssignment", ["a"])
    talk.snapshot = snapshot({ ClusterLoadAssignment: { a: "2" } })
    expect(talk.settle()).toEqual([])
  })

  it("leaves nothing to remember once the proxy has everything, also where a change was taken back", () => {
    const talk = started({ Cluster: { a: "1", b: "1" } })
    const unanswered = (version: string) => {
      talk.snapshot = snapshot({ Cluster: { a: version, b: "1" } })
      return talk.next()
    }
    const waiting = Array.from({ length: 16 }, (_, index) => unanswered(String(index + 2)))
    expect(unanswered("18")).toBeNull()
    expect(unanswered("17")).toBeNull()
    for (const sent of waiting) talk.ack(sent!)
    expect(talk.drain()).toEqual([])
    expect([...talk.state.subscriptions.values()].map(({ pending, unanswered }) => pending.size + unanswered.length))
      .toEqual([0, 0])
  })

  it("splits what is too large for one message", () => {
    const talk = new Conversation("delta", snapshot({}))
    const names = ["a", "b", "c", "d", "e"]
    talk.snapshot = new Map([
      [TypeUrl.Cluster, new Map(names.map((name) => [name, resource(TypeUrl.Cluster, name, "1", 900_000)]))]
    ])
    talk.subscribe("Cluster")
    expect(talk.drain().map(({ names: { length } }) => length)).toEqual([2, 2, 1])
  })

  it("sends what is too large for any message by itself, and holds nothing else up for it", () => {
    const talk = new Conversation("delta", snapshot({}))
    const sizes = { a: 8, large: RESPONSE_BYTES + 1, c: 8 }
    talk.snapshot = new Map([[
      TypeUrl.Cluster,
      new Map(Object.entries(sizes).map(([name, size]) => [name, resource(TypeUrl.Cluster, name, "1", size)]))
    ]])
    talk.subscribe("Cluster")
    expect(talk.drain().map(({ names }) => names)).toEqual([["a@1", "c@1"], ["large@1"]])
  })
})

describe("a proxy that comes back and says what it has", () => {
  const mesh = {
    Cluster: { a: "1", b: "1" },
    ClusterLoadAssignment: { a: "1", b: "1" },
    Secret: { ca: "1" },
    Listener: { l: "1" }
  }
  const back = (content: Parameters<typeof snapshot>[0], order: ReadonlyArray<keyof typeof mesh>): Conversation => {
    const talk = new Conversation("delta", snapshot(content))
    for (const type of order) {
      const isNamed = type === "ClusterLoadAssignment" || type === "Secret"
      talk.subscribe(type, isNamed ? Object.keys(mesh[type]) : [], mesh[type])
    }
    return talk
  }
  const AS_EVER = ["Cluster", "ClusterLoadAssignment", "Listener", "Secret"] as const

  it("gets no resource where nothing changed", () => {
    expect(brief(back(mesh, AS_EVER).settle())).toEqual(["Cluster", "Listener"])
  })

  it("gets what changed, and the assignment of a cluster that did", () => {
    const changed = { ...mesh, Cluster: { a: "2", b: "1" }, Secret: { ca: "2" } }
    expect(brief(back(changed, AS_EVER).settle())).toEqual([
      "Secret ca@2",
      "Cluster a@2",
      "ClusterLoadAssignment a@1",
      "Listener"
    ])
  })

  it("gets the assignment of a cluster that went out before it asked for any", () => {
    const talk = new Conversation("delta", snapshot({ ...mesh, Cluster: { a: "2", b: "1" } }))
    talk.subscribe("Cluster", [], mesh.Cluster)
    expect(brief(talk.drain())).toEqual(["Cluster a@2"])
    talk.subscribe("ClusterLoadAssignment", ["a", "b"], mesh.ClusterLoadAssignment)
    expect(brief(talk.drain())).toEqual(["ClusterLoadAssignment a@1"])
  })

  it("gets every assignment where it asks for no clusters yet: one still warms", () => {
    expect(brief(back(mesh, ["ClusterLoadAssignment"]).settle())).toEqual(["ClusterLoadAssignment a@1 b@1"])
  })
})

describe("make before break", () => {
  it("sends secrets, clusters, assignments, listeners and routes in that order", () => {
    const talk = new Conversation("delta", snapshot({}))
    for (const type of ["RouteConfiguration", "Listener", "ClusterLoadAssignment", "Cluster", "Secret"] as const) {
      talk.subscribe(type, ["x"])
    }
    talk.settle()
    talk.snapshot = snapshot({
      RouteConfiguration: { x: "1" },
      Listener: { x: "1" },
      ClusterLoadAssignment: { x: "1" },
      Cluster: { x: "1" },
      Secret: { x: "1" }
    })
    expect(talk.drain().map(({ type }) => type)).toEqual([
      "Secret",
      "Cluster",
      "ClusterLoadAssignment",
      "Listener",
      "RouteConfiguration"
    ])
  })

  it("removes a cluster only after everything else was accepted", () => {
    const talk = started({ Cluster: { old: "1" }, Listener: { l: "1" } })
    talk.snapshot = snapshot({ Cluster: { new: "1" }, Listener: { l: "2" } })
    const [cluster, listener, ...rest] = talk.drain()
    expect(brief([cluster!, listener!, ...rest])).toEqual(["Cluster new@1", "Listener l@2"])
    talk.ack(cluster!)
    expect(talk.drain()).toEqual([])
    talk.ack(listener!)
    expect(brief(talk.drain())).toEqual(["Cluster -old"])
  })

  it("keeps the cluster that a refused listener's predecessor still uses, until another listener is accepted", () => {
    const talk = started({ Cluster: { old: "1" }, Listener: { l: "1" } })
    talk.snapshot = snapshot({ Cluster: {}, Listener: { l: "2" } })
    talk.nack(talk.next()!)
    expect(talk.drain()).toEqual([])
    talk.snapshot = snapshot({ Cluster: {}, Listener: { l: "3" } })
    expect(brief(talk.settle())).toEqual(["Listener l@3", "Cluster -old"])
  })

  it("takes a refused resource away once it is gone from the snapshot", () => {
    const talk = started({ Cluster: { a: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "1", bad: "1" } })
    talk.nack(talk.next()!)
    talk.snapshot = snapshot({ Cluster: { a: "1" } })
    expect(brief(talk.settle())).toEqual(["Cluster -bad"])
  })

  it("lets a listener that takes over a port come together with the other's removal", () => {
    const talk = started({ Listener: { old: "1" } })
    talk.snapshot = snapshot({ Listener: { new: "1" } })
    expect(brief(talk.drain())).toEqual(["Listener new@1 -old"])
  })
})

describe("a cluster that warms", () => {
  const warming = (): Conversation => {
    const talk = new Conversation("delta", snapshot({ Cluster: { a: "1", b: "1" }, ClusterLoadAssignment: { a: "1", b: "1" } }))
    talk.subscribe("Cluster")
    talk.subscribe("ClusterLoadAssignment", ["a", "b"])
    talk.settle()
    return talk
  }

  it("gets its unchanged assignment again, after itself, and only that one", () => {
    const talk = warming()
    talk.snapshot = snapshot({ Cluster: { a: "2", b: "1" }, ClusterLoadAssignment: { a: "1", b: "1" } })
    expect(brief(talk.drain())).toEqual(["Cluster a@2", "ClusterLoadAssignment a@1"])
  })

  it("gets nothing again for an assignment's own change", () => {
    const talk = warming()
    talk.snapshot = snapshot({ Cluster: { a: "1", b: "1" }, ClusterLoadAssignment: { a: "2", b: "1" } })
    expect(brief(talk.drain())).toEqual(["ClusterLoadAssignment a@2"])
  })
})

describe("a refusal", () => {
  const refused = (): Conversation => {
    const talk = started({ Cluster: { a: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "2" } })
    talk.nack(talk.next()!)
    return talk
  }

  it("is told with its message and what it was about", () => {
    const talk = started({ Cluster: { a: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "2" } })
    const answered = talk.nack(talk.next()!, "no such filter")
    expect(answered).toMatchObject({ _tag: "Nacked", message: "no such filter", sent: { resources: [{ name: "a", version: "2" }] } })
  })

  it("is told by the beginning of its message where that is longer than a reason is", () => {
    const talk = started({ Cluster: { a: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "2" } })
    const answered = talk.nack(talk.next()!, `no such filter${" ".repeat(20_000)}`)
    const message = answered?._tag === "Nacked" ? answered.message : ""
    expect(message.trim()).toBe("no such filter")
    expect(message.length).toBeLessThan(10_000)
  })

  it("isn't followed by the same version at once, nor for another resource's sake", () => {
    const talk = refused()
    expect(talk.drain()).toEqual([])
    talk.snapshot = snapshot({ Cluster: { a: "2", b: "1" } })
    expect(brief(talk.settle())).toEqual(["Cluster b@1"])
  })

  it("is followed by another version at once", () => {
    const talk = refused()
    talk.snapshot = snapshot({ Cluster: { a: "3" } })
    expect(brief(talk.drain())).toEqual(["Cluster a@3"])
  })

  it("is followed by the same version later, each time later, and after a few times no more", () => {
    const talk = refused()
    const times: Array<number> = []
    for (talk.now = 0; talk.now < 100_000; talk.now += 500) {
      const again = talk.next()
      if (again === null) continue
      times.push(talk.now)
      talk.nack(again)
    }
    expect(times).toEqual([1_000, 3_000])
  })

  it("wakes nobody for what can't be sent: under way, not wanted any more, or gone", () => {
    const talk = refused()
    expect(talk.wakesAt()).toBe(1_000)
    talk.now = 1_000
    const again = talk.next()
    expect(talk.wakesAt()).toBeNull()
    talk.nack(again!)
    expect(talk.wakesAt()).toBe(3_000)
    talk.snapshot = snapshot({ Cluster: {} })
    expect(talk.wakesAt()).toBeNull()

    const named = started({ ClusterLoadAssignment: { a: "1" } })
    named.subscribe("ClusterLoadAssignment", ["a"])
    named.settle()
    named.snapshot = snapshot({ ClusterLoadAssignment: { a: "2" } })
    named.nack(named.next()!)
    expect(named.wakesAt()).toBe(1_000)
    named.unsubscribe("ClusterLoadAssignment", ["a", "*"])
    expect(named.wakesAt()).toBeNull()
    expect([...named.state.subscriptions.values()].flatMap(rejections)).toEqual([])
  })

  it("is forgotten once the repetition is accepted", () => {
    const talk = refused()
    talk.now = 1_000
    talk.ack(talk.next()!)
    expect([...talk.state.subscriptions.values()].flatMap(rejections)).toEqual([])
    talk.now = 1_000_000
    expect(talk.drain()).toEqual([])
  })

  it("of many resources has them offered one by one, so that only the bad one stays refused", () => {
    const talk = started({ Cluster: {} })
    talk.snapshot = snapshot({ Cluster: { a: "1", bad: "1", c: "1" } })
    talk.nack(talk.next()!)
    talk.now = 1_000
    const again = talk.drain()
    expect(brief(again)).toEqual(["Cluster a@1", "Cluster bad@1", "Cluster c@1"])
    again.forEach((sent) => sent.names[0] === "bad@1" ? talk.nack(sent) : talk.ack(sent))
    expect([...talk.state.subscriptions.values()].flatMap(rejections)).toEqual(["bad"])
  })

  it("that comes after a newer version went out doesn't hold that one up", () => {
    const talk = started({ Cluster: { a: "1" } })
    talk.snapshot = snapshot({ Cluster: { a: "2" } })
    const second = talk.next()!
    talk.snapshot = snapshot({ Cluster: { a: "3" } })
    const third = talk.next()!
    talk.nack(second)
    talk.ack(third)
    expect([...talk.state.subscriptions.values()].flatMap(rejections)).toEqual([])
  })

  it("of an unknown nonce says nothing", () => {
    const talk = started({ Cluster: { a: "1" } })
    expect(talk.nack({ type: "Cluster", nonce: "77", version: "", names: [], removed: [] })).toMatchObject({ _tag: "Stale" })
  })
})

it("a proxy that answers nothing is sent a bounded number of responses", () => {
  const talk = started({ Cluster: { a: "0" } })
  for (let version = 1; version < 100; version++) {
    talk.snapshot = snapshot({ Cluster: { a: String(version) } })
    talk.next()
  }
  expect(talk.state.subscriptions.get(TypeUrl.Cluster)?.unanswered.length).toBe(16)
})
