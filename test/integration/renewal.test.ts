// Certificates of a short life, on real Envoys under load: renewed by themselves, in time, and no more than that.
import { afterAll, beforeAll, expect, it } from "vitest"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { Load } from "../../src/cli/demo/Load.ts"
import { loadUrl } from "../../src/cli/demo/untilServing.ts"
import { askApi } from "../support/askApi.ts"
import { startWorld, type TestWorld } from "../support/startWorld.ts"
import { until } from "../support/until.ts"

const LIFE_MILLIS = 10_000
const OBSERVED_MILLIS = 18_000

let started: TestWorld
let world: DemoWorld

beforeAll(async () => {
  started = await startWorld()
  world = started.world
}, 60_000)

afterAll(() => started?.stop(), 30_000)

interface Served {
  readonly at: number
  readonly serial: string
  readonly expiresAt: number
  readonly cas: string
}

interface CertsAnswer {
  readonly certificates: ReadonlyArray<{
    readonly ca_cert: ReadonlyArray<{ readonly serial_number: string }>
    readonly cert_chain: ReadonlyArray<{ readonly serial_number: string; readonly expiration_time: string }>
  }>
}

/** The mesh certificate that the task's Envoy serves with now. */
const served = async (address: string): Promise<Served> => {
  const answer = await fetch(`http://${address}:9901/certs`, { signal: AbortSignal.timeout(2_000) })
  const { certificates } = await answer.json() as CertsAnswer
  const holding = certificates.filter(({ cert_chain }) => cert_chain.length > 0)
  const serials = new Set(holding.map(({ cert_chain }) => cert_chain[0]?.serial_number))
  const [own] = holding
  // While Envoy changes over, one of its contexts may still have the old one.
  if (own === undefined || serials.size !== 1) throw new Error(`it holds ${[...serials].join(" and ")}`)
  return {
    at: Date.now(),
    serial: own.cert_chain[0]?.serial_number ?? "",
    expiresAt: Date.parse(own.cert_chain[0]?.expiration_time ?? ""),
    cas: JSON.stringify(own.ca_cert.map(({ serial_number }) => serial_number))
  }
}

/** Every certificate that it served with in this time, each as it was first seen; fails where one had expired. */
const watch = async (address: string, millis: number): Promise<ReadonlyArray<Served>> => {
  const end = Date.now() + millis
  const seen: Array<Served> = []
  while (Date.now() < end) {
    const now = await until(`the certificate at ${address}`, () => served(address), () => true, 2_000)
    expect(now.expiresAt).toBeGreaterThan(now.at)
    if (now.serial !== seen.at(-1)?.serial) seen.push(now)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return seen
}

it("renews each certificate at 4/5 of its life, no earlier, under load and by the same CA", async () => {
  const addresses = (await world.demo.tasks()).map(({ address }) => address)
  const before = await Promise.all(addresses.map(served))
  const load = new Load(loadUrl(world), { concurrency: 3, pauseMillis: 5 })
  await load.anotherRound()

  const mesh = {
    type: "Mesh",
    name: "default",
    mtls: {
      enabledBackend: "ca-1",
      backends: [{ name: "ca-1", type: "builtin", dpCert: { rotation: { expiration: `${LIFE_MILLIS / 1_000}s` } } }]
    }
  }
  expect((await askApi(world.ports.api, "/meshes/default", "PUT", mesh)).status).toBe(200)
  const first = await Promise.all(addresses.map((address, index) =>
    until(`the short-lived certificate at ${address}`, () => served(address), ({ serial }) =>
      serial !== before[index]?.serial)))

  const histories = await Promise.all(addresses.map((address) => watch(address, OBSERVED_MILLIS)))
  await load.anotherRound()
  const result = await load.finish()

  for (const history of histories) {
    const intervals = history.slice(2).map(({ at }, index) => at - (history[index + 1]?.at ?? 0))
    expect(history.length).toBeGreaterThanOrEqual(3)
    for (const interval of intervals) {
      expect(interval).toBeGreaterThan(LIFE_MILLIS * 4 / 5 - 1_000)
      expect(interval).toBeLessThan(LIFE_MILLIS)
    }
  }
  expect(new Set([...before, ...first, ...histories.flat()].map(({ cas }) => cas)).size).toBe(1)
  expect(result.failures).toEqual([])
})
