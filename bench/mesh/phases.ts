/** The phases of a measurement, each over a mesh that is up and whole, and leaving it so. */
import { setTimeout as delay } from "node:timers/promises"
import { cpuSeconds } from "../tasks/cpuSeconds.ts"
import { percentiles } from "../tasks/percentiles.ts"
import type { Written } from "./Api.ts"
import { clock } from "./clock.ts"
import type { Figures } from "./figures.ts"
import type { Observed } from "./Generators.ts"
import type { Sign } from "./generator/orders.ts"
import type { Ground } from "./Ground.ts"
import { familyCpuSeconds } from "./processUse.ts"
import { dataplaneOf, instancesOf, lonelyDataplane, proxyName, serviceName } from "./Scene.ts"
import { spread } from "./table.ts"

/** Until all are whole; beyond it the measurement is given up. */
export const WHOLE_WITHIN_MILLIS = 600_000
/**
 * For so long all must stay whole before the measurement goes on: longer than either subject leaves a Dataplane whose
 * stream ended (10 s), so that one that is taken down although its proxy is back counts.
 */
export const STABLE_MILLIS = 12_000

const ARRIVES_WITHIN_MILLIS = 60_000

/** CPU seconds, and the moment. */
export const use = ({ pids }: Ground) => ({
  at: clock(),
  subject: cpuSeconds(pids.subject),
  database: familyCpuSeconds(pids.database)
})

/** Milliseconds of CPU a change since then, above those of idling. */
export const costSince = (ground: Ground, before: ReturnType<typeof use>, changes: number) => {
  const now = use(ground)
  const seconds = (now.at - before.at) / 1_000
  const of = (kind: "subject" | "database"): number =>
    Math.max(0, (now[kind] - before[kind] - ground.idle[kind] * seconds) * 1_000 / changes)
  return { cpu: of("subject"), database: of("database") }
}

export const coldStart = async (ground: Ground): Promise<Figures> => {
  const before = use(ground)
  const generator = (await ground.generators.account()).cpuSeconds
  const begun = await ground.generators.begin()
  const whole = await ground.generators.untilWhole(WHOLE_WITHIN_MILLIS, 0)
  const coldStartCpu = cpuSeconds(ground.pids.subject) - before.subject
  const coldStartGeneratorCpu = (await ground.generators.account()).cpuSeconds - generator
  await ground.generators.untilWhole(WHOLE_WITHIN_MILLIS, STABLE_MILLIS)
  return { coldStart: (whole - begun) / 1_000, coldStartCpu, coldStartGeneratorCpu }
}

const median = (values: ReadonlyArray<number>): number => spread(values)?.median ?? 0

/**
 * What idling takes, and what of it goes on: the median second, which a collection of what a cold start left doesn't
 * move. That is what is taken off the cost of changes.
 */
export const idling = async (ground: Ground, seconds: number): Promise<Figures> => {
  const before = use(ground)
  const each: Record<"subject" | "database", Array<number>> = { subject: [], database: [] }
  let last = before
  for (let second = 0; second < seconds; second++) {
    await delay(1_000)
    const now = use(ground)
    for (const kind of ["subject", "database"] as const) {
      each[kind].push((now[kind] - last[kind]) / (now.at - last.at) * 1_000)
    }
    last = now
  }
  ground.idle = { subject: median(each.subject), database: median(each.database) }
  const share = (kind: "subject" | "database"): number => (last[kind] - before[kind]) / (last.at - before.at) * 1_000
  return { idleCpu: share("subject") * 100, idleDatabaseCpu: share("database") * 100 }
}

interface Change {
  readonly sign: Sign
  readonly path: string
  readonly body: unknown
}

interface Made extends Observed {
  readonly written: Written
}

const make = async ({ api, generators }: Ground, { body, path, sign }: Change, quietMillis: number): Promise<Made> => {
  await generators.watch(sign)
  const written = await api.put(path, body)
  const observed = await generators.collect(ARRIVES_WITHIN_MILLIS, quietMillis)
  if (sign.kind !== "nothing" && observed.arrivals.length === 0) {
    throw new Error(`PUT ${path} has arrived nowhere after ${ARRIVES_WITHIN_MILLIS} ms: ${JSON.stringify(body)}`)
  }
  return { ...observed, written }
}

/** Of a fixed sequence, so that changes fall anywhere within a subject's own rhythm, and the same in each run. */
export const pauses = () => {
  let state = 5
  return (): number => {
    state = Math.imul(state, 1_103_515_245) + 12_345 & 0x7fffffff
    return 200 + state % 1_000
  }
}

const makeAll = async (ground: Ground, changes: ReadonlyArray<Change>, pause: () => number) => {
  const before = use(ground)
  const made: Array<Made> = []
  for (const change of changes) made.push(await make(ground, change, pause()))
  const cost = costSince(ground, before, changes.length)
  const from = (moment: keyof Written) =>
    percentiles(made.flatMap(({ arrivals, written }) => arrivals.map((at) => at - written[moment])), 1)
  const sum = (of: (one: Made) => number): number => made.reduce((total, one) => total + of(one), 0)
  return { made, cost, answered: from("answeredAt"), sent: from("sentAt"), sum }
}

const dataplanePath = (name: string): string => `/meshes/default/dataplanes/${name}`

/** One instance after the other is taken out of its service's endpoints and put back. */
export const endpointChanges = async (ground: Ground, count: number): Promise<Figures> => {
  const { scene } = ground
  const changes = Array.from({ length: count }, (_, place): Change => {
    const ready = place % 2 === 1
    const service = (place >> 1) * 7 % scene.services
    const instances = instancesOf(scene, service)
    return {
      sign: {
        kind: "endpoints",
        service: serviceName(service),
        endpoints: ready ? instances : instances - 1,
        changed: proxyName(service)
      },
      path: dataplanePath(proxyName(service)),
      body: dataplaneOf(scene, service, { ready })
    }
  })
  const { answered, cost, sent, sum } = await makeAll(ground, changes, pauses())
  return {
    endpointP50: answered.p50,
    endpointP99: answered.p99,
    endpointSentP50: sent.p50,
    endpointSentP99: sent.p99,
    endpointMissing: sum(({ missing }) => missing),
    endpointCpu: cost.cpu,
    endpointDatabaseCpu: cost.database,
    endpointForeignMessages: sum(({ foreign }) => foreign.messages) / count,
    endpointForeignBytes: sum(({ foreign }) => foreign.bytes) / count
  }
}

/** An instance comes and goes of a service that nobody calls. */
export const unrelatedChanges = async (ground: Ground, count: number): Promise<Figures> => {
  const path = dataplanePath("lonely")
  await make(ground, { sign: { kind: "nothing" }, path, body: lonelyDataplane(true) }, 3_000)
  const changes = Array.from({ length: count }, (_, place): Change => ({
    sign: { kind: "nothing" },
    path,
    body: lonelyDataplane(place % 2 === 1)
  }))
  const { cost, sum } = await makeAll(ground, changes, () => 250)
  return {
    unrelatedCpu: cost.cpu,
    unrelatedDatabaseCpu: cost.database,
    unrelatedMessages: sum(({ messages }) => messages) / count,
    unrelatedBytes: sum(({ bytes }) => bytes) / count
  }
}

/** A Dataplane is written that has another label, and is the same otherwise. */
export const labelWrites = async (ground: Ground, count: number): Promise<Figures> => {
  const changes = Array.from({ length: count }, (_, place): Change => ({
    sign: { kind: "nothing" },
    path: dataplanePath(proxyName(0)),
    body: dataplaneOf(ground.scene, 0, { labels: { "bench-round": String(place) } })
  }))
  const { cost, sum } = await makeAll(ground, changes, () => 250)
  return { labelCpu: cost.cpu, labelMessages: sum(({ messages }) => messages) / count }
}

const everybody = { kind: "Mesh" }

const timeout = (millis: number): Change => ({
  sign: { kind: "connectTimeout", millis },
  // By this name kuma-cp makes one at its start, which one of another name wouldn't win against.
  path: "/meshes/default/meshtimeouts/mesh-timeout-all-default",
  body: {
    type: "MeshTimeout",
    mesh: "default",
    name: "mesh-timeout-all-default",
    spec: { targetRef: everybody, to: [{ targetRef: everybody, default: { connectionTimeout: `${millis}ms` } }] }
  }
})

const permission = (place: number): Change => ({
  sign: { kind: "text", text: `guest-${place}x` },
  path: "/meshes/default/meshtrafficpermissions/a-guests",
  body: {
    type: "MeshTrafficPermission",
    mesh: "default",
    // Of two that target the same, the one whose name comes first wins: here against `allow-all`.
    name: "a-guests",
    spec: {
      targetRef: everybody,
      from: [{
        targetRef: { kind: "MeshSubset", tags: { "kuma.io/service": `guest-${place}x` } },
        default: { action: "Deny" }
      }]
    }
  }
})

/** Policies of the whole mesh, one kind that changes every cluster and one that changes every inbound. */
export const policyChanges = async (ground: Ground, count: number): Promise<Figures> => {
  const pause = pauses()
  const places = Array.from({ length: count }, (_, place) => place)
  const timeouts = await makeAll(ground, places.map((place) => timeout(4_000 + place)), pause)
  const permissions = await makeAll(ground, places.map(permission), pause)
  const missing = timeouts.sum(({ missing }) => missing) + permissions.sum(({ missing }) => missing)
  if (missing > 0) throw new Error(`${missing} times a policy's change never arrived at a proxy`)
  return {
    timeoutP50: timeouts.answered.p50,
    timeoutP99: timeouts.answered.p99,
    timeoutCpu: timeouts.cost.cpu,
    permissionP50: permissions.answered.p50,
    permissionP99: permissions.answered.p99,
    permissionCpu: permissions.cost.cpu
  }
}

/** All connections are cut at once; each proxy comes back at once with what it has. */
export const reconnectStorm = async (ground: Ground): Promise<Figures> => {
  const before = use(ground)
  const account = await ground.generators.account()
  const begun = await ground.generators.storm()
  const whole = await ground.generators.untilWhole(WHOLE_WITHIN_MILLIS, STABLE_MILLIS)
  const seconds = (whole - begun) / 1_000
  const { bytes, cpuSeconds: generator } = await ground.generators.account()
  const { cpu } = costSince(ground, before, 1)
  return {
    storm: seconds,
    stormCpu: cpu / 1_000,
    stormGeneratorCpu: generator - account.cpuSeconds,
    stormBytes: (bytes - account.bytes) / ground.scene.proxies
  }
}
