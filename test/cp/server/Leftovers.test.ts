// What proxies brought and nobody will remove: when it may go, and that nothing goes that may be anywhere.
import { expect, it } from "vitest"
import { Leftovers, type Stored } from "../../../src/cp/server/Leftovers.ts"
import type { Resource } from "../../../src/model/Resource.ts"

const MINUTE = 60_000
const START = Date.parse("2026-01-01T00:00:00Z")
const key = "Dataplane/default/kv-1"

const stored = (type: "Dataplane", version: number): Resource<"Dataplane"> => ({
  type, mesh: "default", name: "kv-1", labels: {}, spec: {}, version, creationTime: "", modificationTime: ""
})

interface Said {
  readonly by: string
  readonly isOpen: boolean
  /** Minutes before the start. */
  readonly ago: number
  readonly version?: number
}

const insightOf = ({ ago, by, isOpen, version = 1 }: Said): Resource<"DataplaneInsight"> => {
  const status = { total: {}, cds: {}, eds: {}, lds: {}, rds: {} }
  const at = new Date(START - ago * MINUTE).toISOString()
  const ended = isOpen ? {} : { disconnectTime: at }
  const subscriptions = [{ id: "1", controlPlaneInstanceId: by, connectTime: at, ...ended, status }]
  return { ...stored("Dataplane", version), type: "DataplaneInsight", spec: { subscriptions }, modificationTime: at }
}

const left = (said: Said | null, version = 1): ReadonlyMap<string, Stored> =>
  new Map([[key, {
    proxy: { proxyType: "dataplane", mesh: "default", name: "kv-1" },
    resource: stored("Dataplane", version),
    insight: said === null ? null : insightOf(said)
  }]])

const looking = () => {
  const leftovers = new Leftovers({ instanceId: "here", graceMillis: 10 * MINUTE, silentMillis: 60 * MINUTE })
  /** Whether it may go, that many minutes after the start. */
  return (stored: ReadonlyMap<string, Stored>, minute: number) =>
    leftovers.look(stored, START + minute * MINUTE).length > 0
}

it.each([
  ["that ended", { by: "gone", isOpen: false, ago: 1_000 }],
  ["that it ended itself", { by: "here", isOpen: false, ago: 1_000 }],
  ["that nobody ever wrote down", null],
  ["that a replica has which is silent for an hour", { by: "gone", isOpen: true, ago: 60 }]
])("a stream %s keeps nothing longer than the grace, which begins when this replica sees it", (_, said) => {
  const mayGo = looking()
  expect([0, 5, 9].map((minute) => mayGo(left(said), minute))).toEqual([false, false, false])
  expect(mayGo(left(said), 10)).toBe(true)
})

it("a replica that spoke of it within the hour has it, and is silent only after that", () => {
  const mayGo = looking()
  const said = { by: "other", isOpen: true, ago: 0 }
  expect([0, 30, 59, 60, 69].map((minute) => mayGo(left(said), minute))).toEqual([false, false, false, false, false])
  expect(mayGo(left(said), 70)).toBe(true)
})

it("its own open stream that isn't written to its end yet is nothing to go by", () => {
  const mayGo = looking()
  expect([0, 100, 1_000].map((minute) => mayGo(left({ by: "here", isOpen: true, ago: 0 }), minute)))
    .toEqual([false, false, false])
})

it("whatever is written of it, or that it was here, begins the grace anew", () => {
  const said = { by: "gone", isOpen: false, ago: 0 }
  const insight = looking()
  const again = left({ ...said, version: 2 })
  expect([insight(left(said), 0), insight(again, 9), insight(again, 11)]).toEqual([false, false, false])
  const resource = looking()
  expect([resource(left(said), 0), resource(left(said, 2), 9), resource(left(said, 2), 11)])
    .toEqual([false, false, false])
  const here = looking()
  expect([here(left(said), 0), here(new Map(), 9), here(left(said), 11)]).toEqual([false, false, false])
})
