// Who a proxy is, where peers' addresses count: zone proxies by their roles' tags, and a living proxy's name that
// others bring. Each task dials through a passage of its own, so that its connections come from its own address.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { PROXY_TYPES, type ProxyId, type ProxyType } from "../../src/model/ProxyType.ts"
import { proxyKey } from "../../src/model/proxyResource.ts"
import { formatKey } from "../../src/model/Resource.ts"
import { TypeUrl } from "../../src/cp/xds/XdsResource.ts"
import { request } from "../../src/sidecar/request.ts"
import { adsClient } from "../cp/server/adsClient.ts"
import { askApi } from "../support/askApi.ts"
import { dataplaneTags, type MeshTask, type MeshTaskOptions, MeshTasks } from "../support/MeshTasks.ts"
import { readJournal, type WrittenEntry } from "../support/readJournal.ts"
import { type Passage, startPassage } from "../support/startPassage.ts"
import { startWorld, type TestWorld } from "../support/startWorld.ts"
import { caCertOf, sessionKeys, taskToken } from "../support/taskToken.ts"
import { until } from "../support/until.ts"

interface Dialling extends MeshTask {
  readonly address: string
  readonly passage: Passage
}

let started: TestWorld
let world: DemoWorld
let tasks: MeshTasks
const passages: Array<Passage> = []

beforeAll(async () => {
  // The demo's own tasks come from 127.0.0.1, so they are among those who are kept out.
  started = await startWorld({ environment: () => ({ ECS_MESH_CHECK_PEER_ADDRESS: "true" }), serving: false })
  world = started.world
  tasks = new MeshTasks(world)
}, 60_000)

afterAll(async () => {
  tasks?.close()
  await started?.stop()
  await Promise.all(passages.map((passage) => passage.stop()))
}, 30_000)

const passageFrom = async (localAddress: () => string | null): Promise<Passage> => {
  const passage = await startPassage([world.ports.dataplaneServer], { localAddress })
  passages.push(passage)
  return passage
}

const run = async (options: MeshTaskOptions): Promise<Dialling> => {
  let address: string | null = null
  const passage = await passageFrom(() => address)
  const [task] = await tasks.run({
    ...options,
    sidecarEnvironment: { KUMA_CONTROL_PLANE_URL: `https://127.0.0.1:${passage.port}` }
  })
  if (task === undefined) throw new Error(`${options.name} doesn't run`)
  address = await until("its address", async () =>
    (await world.demo.tasks()).find(({ taskId }) => taskId === task.taskId)?.address ?? "", (found) => found !== "")
  return { ...task, address, passage }
}

const entries = (proxy: ProxyId, kind: WrittenEntry["kind"]): ReadonlyArray<WrittenEntry> =>
  readJournal(world.journal).filter((entry) => entry.kind === kind && entry.key === formatKey(proxyKey(proxy)))

const dataplane = ({ taskId }: MeshTask): ProxyId => ({ proxyType: "dataplane", mesh: "default", name: taskId })
const zoneProxy = ({ taskId }: MeshTask, proxyType: ProxyType): ProxyId => ({ proxyType, mesh: "", name: taskId })

const isOpen = (proxy: ProxyId): boolean =>
  entries(proxy, "connected").length > entries(proxy, "disconnected").length

const connected = (proxy: ProxyId) => until(`${proxy.name}'s stream`, () => isOpen(proxy), (open) => open)

/** What both doors say to whoever brings this token for this proxy through this passage; `null` where it is let in. */
const atTheDoors = async (passage: Passage, proxy: ProxyId, token: string) => {
  const ca = caCertOf(world)
  const answer = await request({
    url: new URL(`https://127.0.0.1:${passage.port}/bootstrap`),
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify({ ...proxy, dataplaneToken: token }),
    timeoutMillis: 10_000,
    ca
  })
  const client = adsClient(passage, { caPem: ca }, [token])
  client.send({
    node: {
      id: `${proxy.mesh}.${proxy.name}`,
      cluster: "test",
      metadata: { "dataplane.proxyType": proxy.proxyType }
    },
    typeUrl: TypeUrl.Cluster
  })
  const ended = client.ended.then(({ details }) => details)
  const isIn = until("an answer", () => client.received.length, (count) => count > 0, 15_000)
    .then(() => null, () => "NoAnswer")
  const ads = await Promise.race([ended, isIn])
  client.close()
  const { title = null } = JSON.parse(answer.body) as { title?: string }
  return { bootstrap: title, ads: ads?.split(":")[0] ?? null }
}

/** The control plane would notice a dead connection by itself only after some 20 s. */
const AT_ONCE_MILLIS = 5_000

const refusedBy = (reason: string | null) => ({ bootstrap: reason, ads: reason })

const ZONE_TYPES = ["ingress", "egress"] as const
const LISTS = { dataplane: "/meshes/default/dataplanes", ingress: "/zoneingresses", egress: "/zoneegresses" } as const

const resourceOf = ({ name, proxyType }: ProxyId) => askApi(world.ports.api, `${LISTS[proxyType]}/${name}`)

describe("a zone proxy", () => {
  it.each(ZONE_TYPES)("%s is let in by its role's type, configured, and forgotten when it stops", async (proxyType) => {
    const task = await run({ name: `right-${proxyType}`, tags: { "kuma.io/type": proxyType }, proxyType })
    const proxy = zoneProxy(task, proxyType)
    await connected(proxy)
    expect((await resourceOf(proxy)).body).toMatchObject({ networking: { address: task.address } })
    const ready = () => fetch(`http://${task.address}:9902/ready`, { signal: AbortSignal.timeout(2_000) })
    await until("its readiness", ready, ({ status }) => status === 200)
    const acked = () => entries(proxy, "acked").map((entry) => String(entry["typeUrl"]))
    // What an egress listens for are other zones' services, and there are none.
    const last = proxyType === "ingress" ? TypeUrl.Listener : TypeUrl.Cluster
    await until("its configuration", acked, (types) => types.includes(last))
    const listeners = await (await fetch(`http://${task.address}:9901/listeners`)).text()
    expect(listeners.includes(`inbound:${task.address}:10001`)).toBe(proxyType === "ingress")
    expect(entries(proxy, "nacked")).toEqual([])
    // Its role and its task make it this proxy, and not another of the same name.
    const keys = await sessionKeys(world, task.role, task.taskId)
    for (const other of PROXY_TYPES.filter((type) => type !== proxyType)) {
      const claim = { proxyType: other, mesh: other === "dataplane" ? "default" : "", name: task.taskId }
      const token = await taskToken(world, keys, claim)
      expect(await atTheDoors(task.passage, claim, token)).toEqual(refusedBy("ProxyMismatch"))
    }
    await world.demo.stopTask(task.taskId)
    await until("its leaving", () => resourceOf(proxy), ({ status }) => status === 404)
  })

  it("is refused by a role of another type, as a dataplane is by a zone proxy's", async () => {
    const wrong = await Promise.all((["dataplane", ...ZONE_TYPES] as const).flatMap((proxyType) =>
      PROXY_TYPES.filter((type) => type !== proxyType).map(async (roleType) => {
        const name = `${proxyType}-by-${roleType}`
        const task = await run({ name, proxyType, tags: { ...dataplaneTags(name), "kuma.io/type": roleType } })
        return proxyType === "dataplane" ? dataplane(task) : zoneProxy(task, proxyType)
      })))
    expect(wrong.length).toBe(6)
    for (const proxy of wrong) {
      const told = () => new Set(entries(proxy, "refused").map((entry) => entry["reason"]))
      await until("its refusal", told, (reasons) => reasons.has("RoleTypeMismatch"))
      expect((await resourceOf(proxy)).status).toBe(404)
      expect(entries(proxy, "connected")).toEqual([])
    }
  })
})

describe("a living proxy", () => {
  let living: Dialling
  let proxy: ProxyId

  beforeAll(async () => {
    living = await run({ name: "living", tags: dataplaneTags("living") })
    proxy = dataplane(living)
    await connected(proxy)
  })

  it("keeps its place when others bring its name: by address, session, role, or what a token is bound to", async () => {
    const stranger = await run({ name: "stranger", tags: dataplaneTags("stranger") })
    await connected(dataplane(stranger))
    const elsewhere = await passageFrom(() => stranger.address)
    const own = await sessionKeys(world, living.role, living.taskId)
    const strangers = await sessionKeys(world, stranger.role, stranger.taskId)
    const namesake = await sessionKeys(world, stranger.role, living.taskId)
    const sameRole = await sessionKeys(world, living.role, stranger.taskId)
    const token = await taskToken(world, own, proxy)
    const { passage: through } = living
    const attempts = {
      "its very token, from elsewhere": ["PeerAddressMismatch", elsewhere, token],
      "another task's session": ["SessionMismatch", through, await taskToken(world, strangers, proxy)],
      "another session of its role": ["SessionMismatch", through, await taskToken(world, sameRole, proxy)],
      "a session of its name, of another role": ["RoleMismatch", through, await taskToken(world, namesake, proxy)],
      "its token for another proxy": ["StsDenied", through, await taskToken(world, own, dataplane(stranger))],
      "its token for another mesh": ["StsDenied", through, await taskToken(world, own, { ...proxy, mesh: "other" })],
      "its token for another control plane": ["StsDenied", through, await taskToken(world, own, proxy, "another")]
    } as const
    for (const [what, [reason, passage, brought]] of Object.entries(attempts)) {
      expect({ what, ...await atTheDoors(passage, proxy, brought) }).toEqual({ what, ...refusedBy(reason) })
    }
    expect(entries(proxy, "connected").length).toBe(1)
    expect(entries(proxy, "disconnected")).toEqual([])
    // The same token from the task's own address is the proxy itself.
    expect(await atTheDoors(through, proxy, token)).toEqual(refusedBy(null))
    await until("its Envoy's return", () => entries(proxy, "connected").length, (count) => count >= 3)
    expect(await resourceOf(proxy)).toMatchObject({ status: 200 })
  })

  it("takes over from a connection that is dead on its side alone, and outlives its end", async () => {
    await connected(proxy)
    const before = {
      connected: entries(proxy, "connected").length,
      disconnected: entries(proxy, "disconnected").length
    }
    const forsaken = living.passage.abandon()
    expect(forsaken.left()).toBeGreaterThan(0)
    const at = Date.now()
    await until("its return", () => entries(proxy, "connected").length, (count) => count > before.connected)
    const [end] = entries(proxy, "disconnected").slice(before.disconnected)
    const [back] = entries(proxy, "connected").slice(before.connected)
    expect(end).toMatchObject({ reason: expect.stringContaining("newer stream") })
    expect(Date.parse(back?.time ?? "") - at).toBeLessThan(AT_ONCE_MILLIS)
    expect(forsaken.left()).toBeGreaterThan(0)
    forsaken.end()
    await until("one open stream in its insight", openStreams, (count) => count === 1)
    expect(isOpen(proxy)).toBe(true)
    expect(await resourceOf(proxy)).toMatchObject({ status: 200 })
  })

  /** By what the API says of it. */
  const openStreams = async (): Promise<number> => {
    const { body } = await askApi(world.ports.api, `/meshes/default/dataplanes/${proxy.name}/_overview`)
    const { subscriptions = [] } = (body as Overview).dataplaneInsight ?? {}
    return subscriptions.filter(({ disconnectTime }) => disconnectTime === undefined).length
  }
})

interface Overview {
  readonly dataplaneInsight?: { readonly subscriptions: ReadonlyArray<{ readonly disconnectTime?: string }> }
}
