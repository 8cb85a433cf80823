/**
 * One measurement: a subject, a database and generators are started, taken through the phases, and ended, however the
 * measurement ends. A process of its own: its plan is its only argument, its figures are what it prints.
 */
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { cpuSeconds } from "../tasks/cpuSeconds.ts"
import { Api } from "./Api.ts"
import { clock } from "./clock.ts"
import { startDatabase } from "./Database.ts"
import type { Figures } from "./figures.ts"
import { Generators } from "./Generators.ts"
import {
  coldStart,
  endpointChanges,
  type Ground,
  idling,
  labelWrites,
  policyChanges,
  reconnectStorm,
  unrelatedChanges
} from "./phases.ts"
import type { Traffic } from "./generator/orders.ts"
import { type Phase, PHASES, type Plan } from "./Plan.ts"
import { residentMB } from "./processUse.ts"
import { membersOf, sceneOf, serviceInstances } from "./Scene.ts"
import { hotFunctions } from "./subject/hotFunctions.ts"
import { startEcsMesh } from "./subject/startEcsMesh.ts"
import { startKumaCp } from "./subject/startKumaCp.ts"
import type { Subject } from "./subject/Subject.ts"

const root = join(import.meta.dirname, "..", "..")
const plan: Plan = JSON.parse(process.argv[2] ?? "{}")

const say = (line: string): void => console.error(`  ${line}`)

const startSubject = (folder: string, store: Readonly<Record<string, string>>): Promise<Subject> => {
  const options = { folder, store, tree: plan.tree, inspect: plan.profile !== null || plan.heap }
  if (plan.subject === "ecs-mesh") return startEcsMesh(options)
  if (plan.kumaCp === null) throw new Error("give the path of a kuma-cp with --kuma-cp")
  return startKumaCp(plan.kumaCp, options)
}

/** Mutual TLS, and everybody may call everybody. */
const seed = async (api: Api): Promise<Readonly<{ pem: string; id: string }>> => {
  const mesh = await api.get("/meshes/default")
  await api.put("/meshes/default", {
    ...mesh,
    mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] }
  })
  await api.put("/meshes/default/meshtrafficpermissions/allow-all", {
    type: "MeshTrafficPermission",
    mesh: "default",
    name: "allow-all",
    spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }] }
  })
  const secret = await api.get("/meshes/default/secrets/dataplane-token-signing-key-default-1")
  return { pem: Buffer.from(String(secret["data"]), "base64").toString("utf8"), id: "1" }
}

const trafficSince = (
  before: Readonly<Record<string, Traffic>>,
  now: Readonly<Record<string, Traffic>>
): string =>
  Object.entries(now)
    .map(([type, { bytes, messages, resources }]) => {
      const { bytes: b = 0, messages: m = 0, resources: r = 0 } = before[type] ?? {}
      return { type, messages: messages - m, resources: resources - r, kilobytes: Math.round((bytes - b) / 1_000) }
    })
    .filter(({ messages }) => messages > 0)
    .map(({ kilobytes, messages, resources, type }) => `${type} ${resources} in ${messages}, ${kilobytes} kB`)
    .join("; ") || "nothing"

const measure = async (part: <A>(start: Promise<A>, stop: (started: A) => unknown) => Promise<A>): Promise<Figures> => {
  // Not under a folder that only its owner may enter: Postgres runs as another user.
  const folder = join(root, ".ecs-mesh", `bench-mesh-${process.pid}`)
  await part(mkdir(folder, { recursive: true }), () => rm(folder, { recursive: true, force: true }))
  const database = await part(startDatabase(join(folder, "database")), (started) => started.stop())
  const subject = await part(startSubject(folder, database.environment), (started) => {
    started.inspector?.close()
    return started.process.stop(10_000)
  })
  const { inspector, process: { pid } } = subject
  const api = new Api(subject.api)
  const signingKey = await seed(api)
  const scene = sceneOf(plan.proxies)
  const generators = await part(
    Generators.start({
      ...subject.dataplaneServer,
      variant: plan.variant,
      members: membersOf(scene),
      instances: serviceInstances(scene),
      signingKey
    }),
    (started) => started.stop()
  )
  const begun = { at: clock(), generator: (await generators.account()).cpuSeconds }
  const emptyHeap = plan.heap ? await inspector?.heap() : undefined
  const emptyMemory = residentMB(pid)
  const ground: Ground = {
    scene,
    api,
    generators,
    pids: { subject: pid, database: database.pid },
    idle: { subject: 0, database: 0 }
  }
  const figures: Figures = { emptyMemory }
  const phase = async (name: string, run: () => Promise<Figures>): Promise<void> => {
    const before = { at: clock(), cpu: cpuSeconds(pid), traffic: (await generators.account()).traffic }
    if (plan.profile !== null) await inspector?.startProfile()
    const measured = await run()
    Object.assign(figures, measured)
    const text = Object.entries(measured).map(([key, value]) => `${key} ${Math.round(value * 100) / 100}`).join("  ")
    say(`${name}: ${text}  (${((clock() - before.at) / 1_000).toFixed(1)} s, CPU ${(cpuSeconds(pid) - before.cpu).toFixed(2)} s)`)
    say(`  to proxies: ${trafficSince(before.traffic, (await generators.account()).traffic)}`)
    if (plan.profile === null || inspector === null) return
    const profile = await inspector.stopProfile(join(plan.profile, `${name}-${plan.proxies}.cpuprofile`))
    for (const { millis, name } of hotFunctions(profile, 15)) say(`    ${String(millis).padStart(6)} ms  ${name}`)
  }

  await phase("cold-start", () => coldStart(ground))
  figures.memoryAProxy = (residentMB(pid) - emptyMemory) / plan.proxies
  const heap = plan.heap ? await inspector?.heap() : undefined
  if (heap !== undefined && emptyHeap !== undefined) {
    figures.heapAProxy = (heap.used + heap.buffers - emptyHeap.used - emptyHeap.buffers) / 2 ** 20 / plan.proxies
    say(`live: heap ${(heap.used / 2 ** 20).toFixed(1)} MB (empty ${(emptyHeap.used / 2 ** 20).toFixed(1)}), ` +
      `buffers ${(heap.buffers / 2 ** 20).toFixed(1)} MB (empty ${(emptyHeap.buffers / 2 ** 20).toFixed(1)})`)
  }
  say(`a proxy holds ${JSON.stringify((await generators.account()).sample)}`)
  const runs: Readonly<Record<Phase, () => Promise<Figures>>> = {
    idle: () => idling(ground, plan.idleSeconds),
    change: () => endpointChanges(ground, plan.changes),
    unrelated: () => unrelatedChanges(ground, 40),
    label: () => labelWrites(ground, 20),
    policy: () => policyChanges(ground, 5),
    storm: () => reconnectStorm(ground)
  }
  for (const name of PHASES) if (plan.phases.includes(name)) await phase(name, runs[name])
  const account = await generators.account()
  for (const [text, times] of Object.entries(account.failures)) say(`${times} times: ${text}`)
  return {
    ...figures,
    endMemoryAProxy: (residentMB(pid) - emptyMemory) / plan.proxies,
    refused: account.nacks,
    streamRetries: account.streamRetries,
    bootstrapRetries: account.bootstrapRetries,
    generatorShare: (account.cpuSeconds - begun.generator) / (clock() - begun.at) * 1e5
  }
}

const endings: Array<() => unknown> = []
const { promise: interrupted, reject: interrupt } = Promise.withResolvers<never>()
interrupted.catch(() => undefined)
const onSignal = (signal: NodeJS.Signals): void => interrupt(new Error(`ended by ${signal}`))
process.once("SIGINT", onSignal).once("SIGTERM", onSignal)
// Whoever started this holds the other end.
process.stdin.resume().once("end", () => interrupt(new Error("the bench has ended"))).unref?.()
try {
  const measured = measure(async (start, stop) => {
    const started = await start
    endings.push(() => stop(started))
    return started
  })
  measured.catch(() => undefined)
  console.log(JSON.stringify(await Promise.race([measured, interrupted])))
} catch (error) {
  say(error instanceof Error ? error.stack ?? error.message : String(error))
  process.exitCode = 1
} finally {
  for (const end of endings.toReversed()) {
    try {
      await end()
    } catch (error) {
      say(`ending: ${String(error)}`)
    }
  }
  process.exit()
}
