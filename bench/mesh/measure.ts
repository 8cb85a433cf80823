/** One subject with one number of proxies: a cold start, and what was asked for of the phases that follow. */
import { join } from "node:path"
import { Api } from "./Api.ts"
import { clock } from "./clock.ts"
import { startDatabase } from "./Database.ts"
import type { Figures } from "./figures.ts"
import type { Ground } from "./Ground.ts"
import {
  coldStart,
  endpointChanges,
  idling,
  labelWrites,
  policyChanges,
  reconnectStorm,
  unrelatedChanges
} from "./phases.ts"
import { type Phase, PHASES } from "./Plan.ts"
import { residentMB } from "./processUse.ts"
import { runMeasurement, say, type Workplace } from "./runMeasurement.ts"
import { membersOf, sceneOf, serviceInstances } from "./Scene.ts"
import { seedMesh } from "./seedMesh.ts"
import { startGround } from "./startGround.ts"
import { startEcsMesh } from "./subject/startEcsMesh.ts"
import { startKumaCp } from "./subject/startKumaCp.ts"
import type { Subject } from "./subject/Subject.ts"
import { takePhase } from "./takePhase.ts"

const startSubject = (
  { folder, plan }: Workplace,
  store: Readonly<Record<string, string>>
): Promise<Subject> => {
  const options = { folder, store, tree: plan.tree, inspect: plan.profile !== null || plan.heap }
  if (plan.subject === "ecs-mesh") return startEcsMesh(options)
  if (plan.kumaCp === null) throw new Error("give the path of a kuma-cp with --kuma-cp")
  return startKumaCp(plan.kumaCp, options)
}

/** Bytes that live, heap and buffers, in megabytes; null where nobody can tell. */
const liveMB = async ({ inspector, plan }: Ground): Promise<number | null> => {
  const heap = plan.heap ? await inspector?.heap() : undefined
  if (heap === undefined) return null
  const [used, buffers] = [heap.used / 2 ** 20, heap.buffers / 2 ** 20]
  say(`live: heap ${used.toFixed(1)} MB, buffers ${buffers.toFixed(1)} MB`)
  return used + buffers
}

const measure = async (workplace: Workplace): Promise<Figures> => {
  const { folder, part, plan } = workplace
  const database = await part(startDatabase(join(folder, "database")), (started) => started.stop())
  const { dataplaneServer, inspector, process: { pid }, ...subject } = await part(
    startSubject(workplace, database.environment),
    (started) => {
      started.inspector?.close()
      return started.process.stop(10_000)
    }
  )
  const api = new Api(subject.api)
  await seedMesh(api)
  const scene = sceneOf(plan.proxies)
  const ground = await startGround(workplace, {
    api,
    scene,
    dataplaneServer,
    inspector,
    members: membersOf(scene),
    instances: serviceInstances(scene),
    pids: { subject: pid, database: database.pid }
  })
  const { generators } = ground
  const begun = { at: clock(), generator: (await generators.account()).cpuSeconds }
  const emptyLive = await liveMB(ground)
  const emptyMemory = residentMB(pid)
  const figures: Figures = { emptyMemory }

  Object.assign(figures, await takePhase(ground, "cold-start", () => coldStart(ground)))
  figures.memoryAProxy = (residentMB(pid) - emptyMemory) / plan.proxies
  const live = await liveMB(ground)
  if (live !== null && emptyLive !== null) figures.heapAProxy = (live - emptyLive) / plan.proxies
  say(`a proxy holds ${JSON.stringify((await generators.account()).sample)}`)
  const phases: Readonly<Record<Phase, (() => Promise<Figures>) | null>> = {
    idle: () => idling(ground, plan.idleSeconds),
    change: () => endpointChanges(ground, plan.changes),
    unrelated: () => unrelatedChanges(ground, 40),
    label: () => labelWrites(ground, 20),
    policy: () => policyChanges(ground, 5),
    storm: () => reconnectStorm(ground),
    // Needs an operator, and so a measurement of its own.
    ecs: null
  }
  for (const name of PHASES) {
    const run = phases[name]
    if (run !== null && plan.phases.includes(name)) Object.assign(figures, await takePhase(ground, name, run))
  }
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

await runMeasurement(measure)
