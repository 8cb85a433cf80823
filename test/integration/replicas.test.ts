// Two replicas on one database behind one address: who leads, what reaches whom, and what happens when the leader dies.
import { mkdtempSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { allowAll, type DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { Load } from "../../src/cli/demo/Load.ts"
import { loadUrl, readyTasks } from "../../src/cli/demo/untilServing.ts"
import { storyOf } from "../../src/cli/explain/explainCommand.ts"
import { renderStory } from "../../src/cli/explain/renderStory.ts"
import { generatedTls } from "../../src/cp/tls/generatedTls.ts"
import type { JournalKind } from "../../src/model/Journal.ts"
import { askApi } from "../support/askApi.ts"
import { freePort } from "../support/freePort.ts"
import { readJournal } from "../support/readJournal.ts"
import { type Passage, startPassage } from "../support/startPassage.ts"
import { startWorld, type TestWorld } from "../support/startWorld.ts"
import { underLoad } from "../support/underLoad.ts"
import { until } from "../support/until.ts"

const shared = mkdtempSync(join(tmpdir(), "ecs-mesh-replicas-"))
const secondWorkDir = join(shared, "second")

let passage: Passage
let started: TestWorld
let world: DemoWorld
let secondApi: number

/** Keys of what a replica wrote down of this kind. */
const written = (journal: string, kind: JournalKind): ReadonlyArray<string> =>
  readJournal(journal).filter((entry) => entry.kind === kind).map(({ key }) => key)

const second = (kind: JournalKind) => written(join(secondWorkDir, "journal.jsonl"), kind)

/** The statuses of some requests in a row: kv's tasks take turns. */
const statuses = (): Promise<ReadonlyArray<number>> =>
  Promise.all(Array.from({ length: 8 }, async () => {
    const answer = await fetch(loadUrl(world), { method: "POST", signal: AbortSignal.timeout(5_000) })
    await answer.text()
    return answer.status
  }))

beforeAll(async () => {
  const [firstPort, secondPort] = [await freePort(), await freePort()]
  secondApi = await freePort()
  passage = await startPassage([firstPort, secondPort])
  await generatedTls(shared, ["127.0.0.1"], Date.now())
  const tls = (file: string): string => join(shared, "tls", file)
  started = await startWorld({
    environment: () => ({
      KUMA_DP_SERVER_PORT: String(firstPort),
      KUMA_GENERAL_TLS_CERT_FILE: tls("cp.crt"),
      KUMA_GENERAL_TLS_KEY_FILE: tls("cp.key"),
      ECS_MESH_TLS_CA_FILE: tls("ca.crt")
    }),
    replicas: [{
      KUMA_DP_SERVER_PORT: String(secondPort),
      KUMA_API_SERVER_HTTP_PORT: String(secondApi),
      ECS_MESH_MONITORING_ASSIGNMENT_SERVER_ADDRESS: "127.0.0.1",
      KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: "0",
      KUMA_DIAGNOSTICS_SERVER_PORT: String(await freePort()),
      KUMA_GENERAL_WORK_DIR: secondWorkDir
    }],
    sidecarsDial: { url: `https://127.0.0.1:${passage.port}`, caCertFile: tls("ca.crt") }
  })
  world = started.world
}, 90_000)

afterAll(async () => {
  await started?.stop()
  await passage?.stop()
  await rm(shared, { recursive: true, force: true })
}, 30_000)

describe("two replicas", () => {
  it("decide on one alone, and have streams on both", async () => {
    expect(written(world.journal, "decision").length).toBeGreaterThan(0)
    expect(second("decision")).toEqual([])
    const connected = await until("streams on both", () => [written(world.journal, "connected"), second("connected")],
      (streams) => streams.every(({ length }) => length > 0))
    const proxies = connected.flat()
    expect(new Set(proxies).size).toBe(3)
  })

  it("tell a task's story together, and each says whether it leads", async () => {
    const [key = ""] = await until("a stream on the second", () => second("connected"), ({ length }) => length > 0)
    const taskId = key.slice(key.lastIndexOf("/") + 1)
    const told = async (...ports: ReadonlyArray<number>): Promise<string> => {
      const addresses = ports.map((port) => `http://127.0.0.1:${port}`)
      return renderStory(await Effect.runPromise(storyOf({ task: taskId, addresses, journals: [] })), true)
    }
    const both = await told(world.ports.api, secondApi)
    for (const part of [/which leads/, /which doesn't lead now/, /new -> registered/, /stream +opened/, /ACKed after/]) {
      expect(both).toMatch(part)
    }
    const alone = await told(secondApi)
    expect(alone).toMatch(/what is decided is in the journal of the replica that leads/)
    expect(alone).toMatch(/decided +registered, dataplane of mesh default/)
  })

  it("carry what was put through one to the Envoys of both within a second", async () => {
    const path = "/meshes/default/meshtrafficpermissions/allow-all"
    const deny = structuredClone(allowAll)
    for (const rule of deny.spec.from) rule.default.action = "Deny"
    expect((await askApi(world.ports.api, path, "PUT", deny)).status).toBe(200)
    await until("refusals by both of kv's", statuses, (seen) => seen.every((status) => status === 502), 1_000)
    expect((await askApi(secondApi, path, "PUT", allowAll)).status).toBe(200)
    await until("answers by both of kv's", statuses, (seen) => seen.every((status) => status === 200), 1_000)
  })

  it("lose no request when the leader is killed: the other leads within 6 s and sees what was stopped meanwhile", async () => {
    const [victim] = (await world.demo.tasks()).filter(({ service }) => service === "kv")
    const victimId = victim?.taskId ?? ""
    const load = new Load(loadUrl(world), { concurrency: 4, pauseMillis: 5 })
    await load.anotherRound()
    world.controlPlane().signal("SIGKILL")
    await world.controlPlane().exited
    const killedAt = Date.now()
    await world.demo.stopTask(victimId)
    await until("the other's first decision", () => second("decision"), ({ length }) => length > 0, 6_000)
    const ready = async () => readyTasks({ ...world, ports: { ...world.ports, api: secondApi } }, "kv")
    await until("the stopped task's leaving", ready, (ids) => !ids.includes(victimId), 6_000 - (Date.now() - killedAt))
    await until("its successor", underLoad(load, ready), (ids) => ids.length === 2)
    const streams = await until("every stream on the survivor", async () => {
      const { body } = await askApi(secondApi, "/meshes/default/dataplanes/_overview")
      return (body as Overviews).items.map(({ dataplaneInsight }) =>
        dataplaneInsight?.subscriptions.some(({ disconnectTime }) => disconnectTime === undefined) ?? false)
    }, (open) => open.length === 3 && open.every((isOpen) => isOpen))
    await load.anotherRound()
    const result = await load.finish()
    expect(streams).toEqual([true, true, true])
    expect(result.failures).toEqual([])
  })
})

interface Overviews {
  readonly items: ReadonlyArray<{
    readonly dataplaneInsight?: { readonly subscriptions: ReadonlyArray<{ readonly disconnectTime?: string }> }
  }>
}
