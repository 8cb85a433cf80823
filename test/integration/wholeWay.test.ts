// The whole way, with every real part that runs on one machine: emulated AWS, Postgres, operator, Envoys, load.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { allowAll, type DemoWorld, startDemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { Load } from "../../src/cli/demo/Load.ts"
import { followTraffic } from "../../src/cli/demo/Traffic.ts"
import { loadUrl, readyTasks, untilServing } from "../../src/cli/demo/untilServing.ts"
import { askApi } from "../support/askApi.ts"
import { runEcsMesh } from "../support/runEcsMesh.ts"
import { underLoad } from "../support/underLoad.ts"
import { until } from "../support/until.ts"

const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-whole-"))
let world: DemoWorld
let scope: Scope.Closeable

const api = (path: string, method = "GET", body?: unknown) => askApi(world.ports.api, path, method, body)

/** The status that the front door gives now; 0 where it gives none. */
const ask = async (): Promise<number> => {
  try {
    const answer = await fetch(loadUrl(world), { method: "POST", signal: AbortSignal.timeout(5_000) })
    await answer.text()
    return answer.status
  } catch {
    return 0
  }
}

const taskIds = async (service: string): Promise<ReadonlyArray<string>> =>
  (await world.demo.tasks()).filter((task) => task.service === service).map(({ taskId }) => taskId)

const sidecarLog = (taskId: string): string => {
  try {
    return readFileSync(join(world.taskLogs, taskId, "sidecar.log"), "utf8")
  } catch {
    return ""
  }
}

const controlPlaneLog = (): string => readFileSync(join(world.folder, "control-plane.log"), "utf8")

beforeAll(async () => {
  scope = Effect.runSync(Scope.make())
  world = await Effect.runPromise(
    startDemoWorld({ folder, log: () => {}, usualPorts: false }).pipe(
      Effect.tap(untilServing),
      Scope.provide(scope)
    )
  )
}, 120_000)

afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

describe("the whole way", () => {
  it("carries a request through two Envoys with mutual TLS", async () => {
    const peers: Array<string> = []
    const stop = followTraffic(world.taskLogs, ({ destination, peer }) => peers.push(`${peer?.split(",")[0]} -> ${destination}`))
    const sent = await Load.send(loadUrl(world), 20)
    expect(sent.failures).toEqual([])
    await until("the inbound's access log", async () => peers, (seen) => seen.length >= 20)
    stop()
    expect(new Set(peers)).toEqual(new Set(["spiffe://default/demo-app -> kv"]))
  })

  it("refuses within a second of a permission that denies, and answers within one of its return", async () => {
    const path = "/meshes/default/meshtrafficpermissions/allow-all"
    const deny = structuredClone(allowAll)
    for (const rule of deny.spec.from) rule.default.action = "Deny"
    expect((await api(path, "PUT", deny)).status).toBe(200)
    // 502 is demo-app's word for kv's refusal.
    await until("the refusal", ask, (status) => status === 502, 1_000)
    expect((await api(path, "PUT", allowAll)).status).toBe(200)
    await until("the answer", ask, (status) => status === 200, 1_000)
  })

  it.each([
    ["an untagged role", "untagged", "RoleTagMissing"],
    ["a role whose kuma.io/service differs", "impostor", "TaskTagMismatch"],
  ] as const)("refuses %s, and tells why in its log, in the sidecar's and as a condition", async (_, which, reason) => {
    const taskId = await world.demo.runRefused(which)
    const refused = await until(
      "the condition",
      () => api(`/ecs-tasks/${taskId}`),
      ({ body }) => JSON.stringify(body).includes(`"reason":"${reason}"`)
    )
    expect(refused.body).toMatchObject({ spec: { phase: "refused", proxy: null } })
    await until("the sidecar's log", async () => sidecarLog(taskId), (log) => log.includes(reason))
    await until(
      "the control plane's log",
      async () => controlPlaneLog(),
      (log) => log.includes(reason) && log.includes(taskId)
    )
    expect((await api(`/meshes/default/dataplanes/${taskId}`)).status).toBe(404)
    await world.demo.stopTask(taskId)
  })

  it("takes a proxy's right away with its role's tag, and gives it back", async () => {
    const [taskId = ""] = await taskIds("demo-app")
    await world.demo.tagRole("demo-demo-app", { "kuma.io/mesh": "other" })
    await until(
      "the phase",
      () => api(`/ecs-tasks/${taskId}`),
      ({ body }) => JSON.stringify(body).includes("\"phase\":\"refused\""),
      5_000
    )
    await until("the sidecar's log", async () => sidecarLog(taskId), (log) => log.includes("RoleMeshMismatch"))
    await world.demo.tagRole("demo-demo-app", { "kuma.io/mesh": "default" })
    await until("the return", () => readyTasks(world, "demo-app"), (ready) => ready.includes(taskId))
    await until("the answer", ask, (status) => status === 200)
  })

  describe.each([
    ["one request after the other", { concurrency: 1, pauseMillis: 20 }],
    ["eight at a time", { concurrency: 8, pauseMillis: 2 }]
  ])("under load, %s", (_, pace) => {
    it.each([["kv", 2], ["kv", 1], ["demo-app", 1]] as const)(
      "loses no request while every task of %s (%i) is replaced",
      async (service, count) => {
        await world.demo.scale(service, count)
        const settled = async () => ({ all: await taskIds(service), ready: await readyTasks(world, service) })
        const before = await until(
          "the scaling",
          settled,
          ({ all, ready }) => all.length === count && ready.length === count && all.every((id) => ready.includes(id))
        )
        const load = new Load(loadUrl(world), pace)
        await load.anotherRound()
        await world.demo.roll(service)
        const after = await until(
          "the replacement",
          underLoad(load, settled),
          ({ all, ready }) =>
            all.length === count && ready.length === count && all.every((id) => !before.all.includes(id)),
          60_000
        )
        await load.anotherRound()
        const result = await load.finish()
        expect(after.ready.toSorted()).toEqual(after.all.toSorted())
        expect(result.failures).toEqual([])
      },
      120_000
    )
  })

  it("keeps traffic flowing while the control plane is dead, and comes back to the same state", async () => {
    const state = async () => {
      const lists = ["/dataplanes", "/meshes", "/meshtrafficpermissions", "/ecs-tasks", "/outbound-ports"]
      const bodies = (await Promise.all(lists.map((path) => api(path)))).map(({ body }) => body)
      // A sidecar's disconnection and return are told with their times.
      const times = new Set(["modificationTime", "lastTransitionTime"])
      return JSON.stringify(bodies, (key, value: unknown) => times.has(key) ? undefined : value, 1).split("\n")
    }
    // Replacements of the tests before may still be on their way out.
    await until("every task's registration", () => api("/ecs-tasks"), ({ body }) => {
      const { items } = body as { items: ReadonlyArray<{ spec: { phase: string } }> }
      return items.length > 0 && items.every(({ spec }) => spec.phase === "registered")
    })
    const before = await state()
    const load = new Load(loadUrl(world), { concurrency: 2, pauseMillis: 5 })
    await load.anotherRound()
    await world.restartControlPlane()
    await until(
      "every sidecar's return",
      underLoad(load, () => api("/meshes/default/dataplanes/_overview")),
      ({ body }) => {
        const { items } = body as { items: ReadonlyArray<{ dataplaneInsight?: { subscriptions: ReadonlyArray<{ disconnectTime?: string }> } }> }
        return items.length > 0 && items.every(({ dataplaneInsight }) =>
          dataplaneInsight?.subscriptions.some(({ disconnectTime }) => disconnectTime === undefined) ?? false)
      }
    )
    await load.anotherRound()
    const result = await load.finish()
    expect(result.failures).toEqual([])
    await expect.poll(state, { timeout: 15_000 }).toEqual(before)
  })

  it("replays its journal to the same decisions, also across a crash, and names an event that was altered", async () => {
    const replayed = await runEcsMesh("replay", world.journal)
    expect(replayed).toMatchObject({ status: 0, output: expect.stringMatching(/\d+ events, \d{2,} decisions: today's code decides as was recorded/) })
    const lines = readFileSync(world.journal, "utf8").split("\n")
    const index = lines.findIndex((line) => line.includes("\"kind\":\"event\"") && line.includes("\"lastStatus\":\"RUNNING\""))
    const altered = join(world.folder, "altered.jsonl")
    writeFileSync(altered, lines.with(index, (lines[index] ?? "").replace("\"RUNNING\"", "\"PENDING\"")).join("\n"))
    const { key, seq }: { readonly key: string; readonly seq: number } = JSON.parse(lines[index] ?? "")
    const found = await runEcsMesh("replay", altered)
    expect(found.status).toBe(1)
    expect(found.output.trimEnd().split("\n").at(-1)).toContain(`altered.jsonl:${index + 1}: event ${seq} of ${key}`)
  }, 90_000)

  it("explains a task that serves, and one that was refused", async () => {
    const address = `http://127.0.0.1:${world.ports.api}`
    const [serving = ""] = await readyTasks(world, "kv")
    const told = await runEcsMesh("explain", serving, "--address", address)
    expect(told.status).toBe(0)
    for (const part of [
      /which leads/, /registered, dataplane of mesh default/, /ECS says PENDING, desired RUNNING/, /new -> registered: RoleAllows/,
      /stored +Dataplane v\d+, EcsTask v\d+/, /stream +opened/, /Listener .* ACKed after \d+ ms/
    ]) expect(told.output).toMatch(part)
    const { key }: { readonly key: string } = JSON.parse(
      readFileSync(world.journal, "utf8").split("\n").find((line) => line.includes("\"reason\":\"TaskTagMismatch\"") && line.includes("\"kind\":\"refused\"")) ?? "{}"
    )
    const refused = await runEcsMesh("explain", key.slice(key.lastIndexOf("/") + 1).slice(0, 8), "--address", address)
    expect(refused.output).toMatch(/-> refused: TaskTagMismatch/)
    // Its summary tells the last refusal, which may be of the time when the task was stopped already.
    expect(refused.output).toMatch(/refused +(\S+ )?at bootstrap: TaskTagMismatch/)
    expect(await runEcsMesh("explain", "no-such-task", "--address", address)).toMatchObject({ status: 1 })
  }, 120_000)

  it("hands nothing secret to logs, journal, metrics and dumps", async () => {
    const logs = readdirSync(world.taskLogs).map(sidecarLog)
    const metrics = await (await fetch(`http://127.0.0.1:${world.ports.diagnostics}/metrics`)).text()
    const overview = JSON.stringify((await api("/meshes/default/dataplanes/_overview")).body)
    const written = [controlPlaneLog(), readFileSync(world.journal, "utf8"), ...logs, metrics, overview].join("\n")
    expect(logs.length).toBeGreaterThan(5)
    expect(written).not.toMatch(/ecs-mesh-aws-v1\.|X-Amz-Signature|X-Amz-Security-Token|PRIVATE KEY/)
  })
})
