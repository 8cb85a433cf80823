/**
 * What translating costs, for docs/decisions/001: `node_modules/.bin/node --expose-gc bench/translate.ts`.
 * Times are the CPU time of this process: what else runs on the machine moves them little.
 */
import { fromBinary } from "@bufbuild/protobuf"
import type { Resource } from "../src/model/Resource.ts"
import type { Tags } from "../src/model/Tags.ts"
import { created, dataplane, mesh, resource } from "../test/cp/snapshot/resources.ts"

const importing = process.cpuUsage()
const { translateProxy } = await import("../src/cp/xds/translateProxy.ts")
const { assignment } = await import("../src/cp/xds/endpoint/assignment.ts")
const { ClusterLoadAssignmentSchema } = await import("../src/cp/proto/envoy/config/endpoint/v3/endpoint_pb.js")
const { MeshViews } = await import("../src/cp/snapshot/MeshViews.ts")
const { buildServiceView, sharesOf } = await import("../src/cp/snapshot/buildServiceView.ts")
const { defaultTranslateSettings } = await import("../src/cp/xds/TranslateSettings.ts")

const noShare = { protocols: [], endpoints: [], lastResort: [] }

/** Milliseconds of CPU since. */
const since = (start: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

const say = (what: string, millis: number): void =>
  console.log(`${what.padEnd(70)} ${millis < 10 ? `${(millis * 1000).toFixed(0)} µs` : `${millis.toFixed(0)} ms`}`)

const cpu = (run: () => void): number => {
  const start = process.cpuUsage()
  run()
  return since(start)
}

const measure = (what: string, times: number, run: () => void): void => {
  for (let i = 0; i < times / 5; i++) run()
  say(what, cpu(() => {
    for (let i = 0; i < times; i++) run()
  }) / times)
}

say("import of the translation with the generated code", since(importing))

for (const count of [10, 100, 1000]) {
  const instances = Array.from(
    { length: count },
    (_, index) => dataplane(`d${index}`, `10.0.${index >> 8}.${index & 255}`, [{ service: "kv" }])
  )
  const view = buildServiceView("kv", new Map(instances.map((one) => [one.name, sharesOf(one).get("kv") ?? noShare])))
  const tags: Tags = { "kuma.io/service": "kv" }
  const { bytes } = assignment(view, { clusterName: "kv", tags })
  const times = 20_000 / count
  measure(`assignment of ${count}: from nothing`, times, () => {
    assignment({ ...view, endpoints: view.endpoints.map((one) => ({ ...one })) }, { clusterName: "kv", tags })
  })
  measure(`assignment of ${count}: one of them is another`, times, () => {
    const endpoints = view.endpoints.map((one, index) => (index === 5 ? { ...one } : one))
    assignment({ ...view, endpoints }, { clusterName: "kv", tags })
  })
  measure(`assignment of ${count}: decode ${bytes.length} bytes`, times, () => {
    fromBinary(ClusterLoadAssignmentSchema, bytes)
  })
}

/** What is used of the heap and beside it once all garbage is gone, in MB. */
const retained = async (): Promise<number> => {
  for (let round = 0; round < 4; round++) {
    // What was asked for in a turn of the event loop stays until its end.
    await new Promise(setImmediate)
    globalThis.gc?.()
  }
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1e6
}

interface Fleet {
  readonly what: string
  readonly services: number
  readonly proxies: ReadonlyArray<Resource<"Dataplane">>
  readonly ports: ReadonlyArray<Resource<"OutboundPort">>
  readonly accessLogPath: string | null
}

const addressOf = (index: number): string => `10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`

/** Ten instances a service, each calling ten services by a list of its own. */
const lists = (count: number, accessLogPath: string | null): Fleet => {
  const services = count / 10
  return {
    what: `${count} proxies, 10 outbounds each${accessLogPath === null ? "" : ", access log"}`,
    services,
    ports: [],
    proxies: Array.from({ length: count }, (_, index) =>
      dataplane(
        `d${index}`,
        addressOf(index),
        [{ service: `s${index % services}` }],
        Array.from({ length: 10 }, (_, call) => `s${(index + call * 7) % services}`)
      )),
    accessLogPath
  }
}

/** Every proxy reaches every service. */
const everywhere = (count: number, services: number, accessLogPath: string | null): Fleet => ({
  what: `${count} proxies, ${services} outbounds each${accessLogPath === null ? "" : ", access log"}`,
  services,
  ports: Array.from({ length: services }, (_, index) =>
    resource("OutboundPort", "default", `s${index}`, { port: 10_001 + index })),
  proxies: Array.from({ length: count }, (_, index) => ({
    ...dataplane(`d${index}`, addressOf(index), [{ service: `s${index % services}` }]),
    labels: { "ecs-mesh.io/outbounds": "all", "ecs-mesh.io/outbound-address": "loopback" }
  })),
  accessLogPath
})

const timeout = (requestTimeout: string, service?: string): Resource<"MeshTimeout"> =>
  resource("MeshTimeout", "default", "timeouts", {
    targetRef: { kind: "Mesh" },
    to: [{
      targetRef: service === undefined ? { kind: "Mesh" } : { kind: "MeshService", name: service },
      default: { http: { requestTimeout } }
    }],
    from: service === undefined ? [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout } } }] : []
  })

const permission = (source: string): Resource<"MeshTrafficPermission"> =>
  resource("MeshTrafficPermission", "default", "callers", {
    targetRef: { kind: "Mesh" },
    from: [{ targetRef: { kind: "MeshService", name: source }, default: { action: "Allow" } }]
  })

const run = async ({ accessLogPath, ports, proxies, services, what }: Fleet): Promise<void> => {
  console.log(`\n${what}, ${services} services`)
  const views = new MeshViews()
  views.apply([mesh(), ...ports, ...proxies].map(created))
  const settings = {
    ...defaultTranslateSettings,
    accessLogPath,
    admin: { address: "127.0.0.1", port: 9901 },
    readiness: { address: "127.0.0.1", port: 9902 }
  }
  const kept = new Map<string, ReturnType<typeof translateProxy>>()
  const translate = ({ name, spec }: Resource<"Dataplane">): void => {
    const source = spec.networking?.inbound?.[0]?.tags?.["kuma.io/service"] ?? ""
    const itsOwn = { ...settings, node: { proxy: name, source } }
    kept.set(name, translateProxy(views, { proxyType: "dataplane", mesh: "default", name }, itsOwn))
  }
  const all = (): number => {
    const objects = new Set<unknown>()
    for (const translation of kept.values()) translation?.resources.forEach((one) => objects.add(one))
    return objects.size
  }
  const [first, ...others] = proxies
  if (first === undefined) return
  const empty = await retained()
  say("the first", cpu(() => translate(first)))
  const rest = cpu(() => others.forEach(translate))
  say("each of the others", rest / others.length)
  const bytes = await retained() - empty
  console.log(`${"kept a proxy, translations alone".padEnd(70)} ${(bytes * 1000 / proxies.length).toFixed(1)} KB`)
  console.log(`${"resources that there are".padEnd(70)} ${all()}`)
  const again = async (change: string, after: Resource): Promise<void> => {
    await new Promise(setImmediate)
    views.apply([created(after)])
    say(`each, after ${change}`, cpu(() => proxies.forEach(translate)) / proxies.length)
  }
  await again("a timeout for all", timeout("3s"))
  await again("another", timeout("4s"))
  await again("a permission for all", permission("s1"))
  await again("another", permission("s2"))
  await again("a timeout for calls to one service", timeout("5s", "s3"))
  console.log(`${"resources that there are".padEnd(70)} ${all()}`)
  console.log(`${"kept a proxy".padEnd(70)} ${((await retained() - empty) * 1000 / proxies.length).toFixed(1)} KB`)
}

const scale = Number(process.argv[2] ?? 2000)
await run(lists(scale, null))
await run(lists(scale, "/dev/stdout"))
await run(everywhere(scale, 200, null))
await run(everywhere(scale, 200, "/dev/stdout"))
