/**
 * What translating costs, for docs/decisions/001: `node_modules/.bin/node bench/translate.ts`.
 * A mesh of 1000 Dataplanes: 100 services of 10 instances, each calling 10 services, all connected here.
 */
import { fromBinary } from "@bufbuild/protobuf"
import type { Tags } from "../src/model/Tags.ts"
import { created, dataplane, mesh } from "../test/cp/snapshot/resources.ts"

const importing = performance.now()
const { ProxyTranslations } = await import("../src/cp/xds/ProxyTranslations.ts")
const { assignment } = await import("../src/cp/xds/endpoint/assignment.ts")
const { ClusterLoadAssignmentSchema } = await import("../src/cp/proto/envoy/config/endpoint/v3/endpoint_pb.js")
const imported = performance.now() - importing
const { MeshViews } = await import("../src/cp/snapshot/MeshViews.ts")
const { buildServiceView } = await import("../src/cp/snapshot/buildServiceView.ts")
const { defaultTranslateSettings } = await import("../src/cp/xds/TranslateSettings.ts")

const say = (what: string, millis: number): void =>
  console.log(`${what.padEnd(60)} ${millis < 10 ? `${(millis * 1000).toFixed(0)} µs` : `${millis.toFixed(0)} ms`}`)

const measure = (what: string, times: number, run: () => void): void => {
  for (let i = 0; i < times / 5; i++) run()
  const start = performance.now()
  for (let i = 0; i < times; i++) run()
  say(what, (performance.now() - start) / times)
}

say("import of the translation with the generated code", imported)

for (const count of [10, 100, 1000]) {
  const instances = Array.from(
    { length: count },
    (_, index) => dataplane(`d${index}`, `10.0.${index >> 8}.${index & 255}`, [{ service: "kv" }])
  )
  const view = buildServiceView("kv", instances)
  const tags: Tags = { "kuma.io/service": "kv" }
  const { bytes } = assignment(view, { clusterName: "kv", tags })
  const times = 20_000 / count
  measure(`assignment of ${count}: build and encode`, times, () => {
    assignment({ ...view }, { clusterName: "kv", tags })
  })
  measure(`assignment of ${count}: decode ${bytes.length} bytes`, times, () => {
    fromBinary(ClusterLoadAssignmentSchema, bytes)
  })
  measure(`assignment of ${count}: taken again`, 10_000, () => {
    assignment(view, { clusterName: "kv", tags })
  })
}

const callsOf = (index: number) => Array.from({ length: 10 }, (_, call) => `s${(index + call * 7) % 100}`)
const proxyOf = (name: string) => ({ proxyType: "dataplane", mesh: "default", name } as const)
const fleet = Array.from({ length: 1000 }, (_, index) => {
  const address = `10.1.${index >> 8}.${index & 255}`
  return dataplane(`d${index}`, address, [{ service: `s${index % 100}` }], callsOf(index))
})
const views = new MeshViews()
views.apply([mesh(), ...fleet].map(created))
const translations = new ProxyTranslations(views)
const opening = performance.now()
for (const { name } of fleet) translations.open(proxyOf(name), defaultTranslateSettings)
say("1000 proxies translated from nothing", performance.now() - opening)
console.log(`heap ${(process.memoryUsage().heapUsed / 1e6).toFixed(0)} MB`)

const states = [true, false].map((ready) => dataplane("d5", "10.1.0.5", [{ service: "s5", ready }], callsOf(5)))
let turn = 0
let touched = 0
measure("one instance's health, to everybody's assignments", 200, () => {
  const [before, after] = [states[turn % 2], states[(turn + 1) % 2]]
  turn++
  if (after === undefined) return
  touched = translations.apply(views.apply([{ key: after, before, after }])).length
})
console.log(`of 1000 proxies ${touched} are touched`)
measure("one proxy with 10 outbounds, translated anew", 200, () => {
  translations.open(proxyOf("d7"), defaultTranslateSettings)
})
