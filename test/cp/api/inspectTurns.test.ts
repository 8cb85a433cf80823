import { Effect } from "effect"
import { expect, it } from "vitest"
import type { ApiRequest } from "../../../src/cp/api/ApiRequest.ts"
import { inspect } from "../../../src/cp/api/inspect/inspect.ts"
import { entryFinder, type InspectEntry } from "../../../src/cp/api/inspect/InspectEntry.ts"
import { inspectEntries } from "../../../src/cp/api/inspect/inspectEntries.ts"
import { EnvoyAdmin } from "../../../src/cp/admin/EnvoyAdmin.ts"
import { Inspector } from "../../../src/cp/inspect/Inspector.ts"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { defaultTranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import { indexOf, inbound, insight, proxy } from "../inspect/meshOf.ts"
import { until } from "../../support/until.ts"

const inspector: Inspector = {
  instanceId: "cp-1",
  adminPort: 9901,
  resources: indexOf([proxy("kv-1", inbound("kv")), insight("kv-1")]),
  zone: new MeshViews(),
  settings: () => defaultTranslateSettings,
  stream: () => null
}

const request: ApiRequest = {
  method: "GET", path: [], rawPath: "", query: new URLSearchParams(), scheme: "http", host: "localhost",
  user: { name: "me", groups: [], method: "token" }, caller: "me", contentType: "",
  preconditions: { ifMatch: null, ifNoneMatch: null }, body: ""
}

/** What answers when it is told to. */
const gate = () => {
  const open: Array<() => void> = []
  const waiting = Effect.callback<Buffer>((resume) => void open.push(() => resume(Effect.succeed(Buffer.from("said")))))
  return { open, waiting }
}

interface Asking {
  readonly caller?: string
  readonly proxies?: Effect.Effect<Buffer>
}

const ask = (
  found: ReturnType<ReturnType<typeof entryFinder>>,
  { caller = "me", proxies = Effect.never }: Asking = {}
) => {
  if (found === null) throw new Error("nobody answers there")
  return Effect.runPromise(inspect({ ...request, caller }, found).pipe(
    Effect.provideService(Inspector, inspector),
    Effect.provideService(EnvoyAdmin, { ask: () => proxies })
  ))
}

const computed = (answer: InspectEntry["answer"]) => ({ entry: { path: "/", summary: "", answer }, parameters: {} })

it.each(["stats", "clusters"])("%s that a proxy is waited for keep nobody else from an answer", async (what) => {
  const { open, waiting } = gate()
  const found = entryFinder(inspectEntries)(["meshes", "default", "dataplanes", "kv-1", what])
  const told = ask(found, { proxies: waiting })
  await until("the question to the proxy", () => open.length, (count) => count === 1)
  expect(await ask(computed(() => Effect.succeed({ status: 204, text: "" })))).toMatchObject({ status: 204 })
  open[0]?.()
  expect(await told).toMatchObject({ status: 200, text: Buffer.from("said") })
})

it("what is computed is computed one after the other", async () => {
  const { open, waiting } = gate()
  const entry = computed(() => Effect.map(waiting, (text) => ({ status: 200, text })))
  const both = [ask(entry), ask(entry)]
  await until("the first", () => open.length, (count) => count === 1)
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  expect(open.length).toBe(1)
  open[0]?.()
  await until("the second", () => open.length, (count) => count === 2)
  open[1]?.()
  expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200])
})

it("who asks for much waits longer than who asks for one thing", async () => {
  const begun: Array<string> = []
  const { open, waiting } = gate()
  const first = ask(computed(() => Effect.map(waiting, (text) => ({ status: 200, text }))))
  await until("the first", () => open.length, (count) => count === 1)
  const others = ["mine 1", "mine 2", "mine 3", "theirs"].map((name) =>
    ask(computed(() => Effect.sync(() => {
      begun.push(name)
      return { status: 204, text: "" }
    })), { caller: name.split(" ")[0] ?? "" }))
  open[0]?.()
  await Promise.all([first, ...others])
  expect(begun.indexOf("theirs")).toBeLessThan(begun.indexOf("mine 2"))
})
