// Which open streams are looked at when, and how many.
import { describe, expect, it, vi } from "vitest"
import { type Identity, type ProxyClaim, Refused } from "../../../src/cp/auth/Authenticator.ts"
import type { AdsStream } from "../../../src/cp/server/AdsStream.ts"
import { type OpenStream, OpenStreams } from "../../../src/cp/server/OpenStreams.ts"
import { PARTS, RightsWatch } from "../../../src/cp/server/RightsWatch.ts"
import type { ResourceKey, ResourceType } from "../../../src/model/Resource.ts"

const identityOf = (taskId: string): Identity => ({
  method: "aws-iam",
  partition: "aws",
  accountId: "000000000000",
  roleArn: "arn:aws:iam::000000000000:role/demo",
  roleId: "AROADEMO",
  taskId,
  roleTags: {}
})

/** Of a stream only who has it matters here. */
const streamOf = (claim: ProxyClaim, identity: Identity): AdsStream =>
  Object.assign(Object.create(null), { admitted: { claim, identity, recorder: { record: () => {} } } })

const open = (name: string, leave: (reason: string) => void = () => {}): OpenStream => ({
  key: `Dataplane/default/${name}`,
  stream: streamOf({ proxyType: "dataplane", mesh: "default", name, peerAddress: null }, identityOf(name)),
  leave
})

const change = (type: ResourceType, name: string, mesh = ""): ReadonlyArray<{ readonly key: ResourceKey }> =>
  [{ key: { type, mesh, name } }]

const watch = (count: number) => {
  const streams = new OpenStreams()
  for (let index = 0; index < count; index++) streams.add(open(`task-${index}`))
  const looked: Array<string> = []
  const lost: Array<string> = []
  const gone = new Set<string>()
  const faults: Array<unknown> = []
  const rights = new RightsWatch(streams, {
    lost: (_, { name }) => {
      looked.push(name)
      if (name === "faulty") throw new Error("a fault")
      return gone.has(name) ? new Refused({ reason: "TaskGone", message: "gone" }) : null
    },
    onLost: (stream) => {
      lost.push(stream.key)
      streams.remove(stream)
    },
    onFault: (fault) => faults.push(fault)
  })
  return { streams, looked, lost, gone, faults, rights }
}

describe("open streams", () => {
  it("are one a proxy: the newer one has the place, whoever leaves later", () => {
    const streams = new OpenStreams()
    const [older, newer] = [open("kv-1"), open("kv-1")]
    expect(streams.add(older)).toBeUndefined()
    expect(streams.add(newer)).toBe(older)
    streams.remove(older)
    expect([streams.size, streams.of(newer.key), streams.ofTask("kv-1")]).toEqual([1, newer, [newer]])
    streams.remove(newer)
    expect([streams.size, streams.of(newer.key), streams.ofTask("kv-1")]).toEqual([0, undefined, []])
  })
})

describe("rights", () => {
  it("are looked at of the one stream that a task's or a proxy's change concerns, among thousands", () => {
    const { looked, rights } = watch(2_000)
    rights.onChange(change("EcsTask", "task-7"))
    rights.onChange(change("Dataplane", "task-8", "default"))
    rights.onChange(change("DataplaneInsight", "task-9", "default"))
    rights.onChange(change("EcsTask", "of-no-stream"))
    expect(looked).toEqual(["task-7", "task-8"])
  })

  it("end a stream at once with its task's, and no other", () => {
    const { gone, lost, rights } = watch(100)
    gone.add("task-7").add("task-8")
    rights.onChange(change("EcsTask", "task-7"))
    expect(lost).toEqual(["Dataplane/default/task-7"])
  })

  it("are looked at of all where a secret changed, and others have their turn in between", async () => {
    const { looked, rights } = watch(1_000)
    rights.onChange(change("Secret", "dataplane-token-revocations-default", "default"))
    await new Promise((resolve) => setImmediate(resolve))
    expect(looked.length).toBeLessThan(500)
    await vi.waitFor(() => expect(new Set(looked).size).toBe(1_000), { timeout: 15_000 })
    expect(looked).toHaveLength(1_000)
  })

  it("are looked at of each within one span, a part at a time, also of one that came meanwhile", () => {
    const { looked, rights, streams } = watch(1_000)
    rights.sweep()
    expect(looked).toHaveLength(1_000 / PARTS)
    streams.add(open("late"))
    for (let part = 0; part < PARTS; part++) rights.sweep()
    expect(new Set(looked).size).toBe(1_001)
  })

  it("go on being looked at after a fault with one", () => {
    const { faults, gone, lost, rights, streams } = watch(1)
    streams.add(open("faulty"))
    streams.add(open("last"))
    gone.add("last")
    for (let part = 0; part <= PARTS; part++) rights.sweep()
    expect(lost).toEqual(["Dataplane/default/last"])
    expect(faults.length).toBeGreaterThan(0)
  })
})
