/**
 * From an event of ECS to the subscribed proxies: an operator with an emulated AWS, tasks of one service in it, and N
 * proxies beside them of which 100 call that service, as do its own tasks. One task after the other is stopped. Proxies
 * join without proof here, so that one process serves tasks and proxies that are none; who they are isn't asked on the
 * way that is measured.
 */
import { join } from "node:path"
import { percentiles } from "../tasks/percentiles.ts"
import { Api } from "./Api.ts"
import { clock } from "./clock.ts"
import { startDatabase } from "./Database.ts"
import { ECS_SERVICE, EcsCluster } from "./EcsCluster.ts"
import type { Figures } from "./figures.ts"
import type { Member } from "./generator/orders.ts"
import type { Ground } from "./Ground.ts"
import { coldStart, costSince, pauses, use } from "./phases.ts"
import { runMeasurement, say, type Workplace } from "./runMeasurement.ts"
import { dataplaneOf, INSTANCES, membersOf, OUTBOUNDS, proxyName, sceneOf, serviceInstances } from "./Scene.ts"
import { seedMesh } from "./seedMesh.ts"
import { startGround } from "./startGround.ts"
import { startEcsMesh } from "./subject/startEcsMesh.ts"
import { takePhase } from "./takePhase.ts"

const CALLERS = 100
const PUTS_AT_A_TIME = 8

/** The last of its calls goes to the tasks' service instead. */
const callingEcs = (member: Member, index: number): Member =>
  index < CALLERS ? { ...member, calls: [...member.calls.slice(0, -1), ECS_SERVICE] } : member

const dataplaneCallingEcs = (scene: ReturnType<typeof sceneOf>, index: number) => {
  const dataplane = dataplaneOf(scene, index)
  const { networking } = dataplane
  if (index >= CALLERS) return dataplane
  const outbound = networking.outbound.map((one, call) =>
    call === OUTBOUNDS - 1 ? { ...one, tags: { "kuma.io/service": ECS_SERVICE } } : one
  )
  return { ...dataplane, networking: { ...networking, outbound } }
}

/** The shared clock's moment of a Unix time in milliseconds. */
const momentOf = (unix: number): number => unix - (performance.timeOrigin + performance.now()) + clock()

const stopEvents = async (
  ground: Ground,
  cluster: EcsCluster,
  tasks: ReadonlyArray<string>,
  rounds: number
): Promise<Figures> => {
  const { generators } = ground
  const fromReceived: Array<number> = []
  const fromPut: Array<number> = []
  const pause = pauses()
  const described = { calls: 0, millis: 0 }
  let missing = 0
  let cpu = 0
  for (const [round, task] of tasks.slice(0, rounds).entries()) {
    await generators.watch({
      kind: "endpoints",
      service: ECS_SERVICE,
      endpoints: tasks.length - round - 1,
      changed: task
    })
    const before = use(ground)
    const { calls, millis } = cluster.described()
    const event = await cluster.stop(task)
    const observed = await generators.collect(30_000, pause())
    cpu += costSince(ground, before, 1).cpu
    fromReceived.push(...observed.arrivals.map((at) => at - momentOf(event.receivedAt)))
    fromPut.push(...observed.arrivals.map((at) => at - momentOf(event.putAt)))
    missing += observed.missing
    described.calls += cluster.described().calls - calls
    described.millis += cluster.described().millis - millis
    await cluster.end(task)
    await generators.leave([task])
  }
  if (missing > 0) say(`${missing} times an event's change never arrived at a proxy`)
  const [received, put] = [percentiles(fromReceived, 1), percentiles(fromPut, 1)]
  return {
    ecsP50: received.p50,
    ecsP99: received.p99,
    ecsPutP50: put.p50,
    ecsPutP99: put.p99,
    ecsCpu: cpu / rounds,
    ecsDescribed: described.calls / rounds,
    ecsDescribeMillis: described.millis / described.calls
  }
}

const measure = async (workplace: Workplace): Promise<Figures> => {
  const { folder, part, plan } = workplace
  const database = await part(startDatabase(join(folder, "database")), (started) => started.stop())
  const cluster = await EcsCluster.start(part, join(folder, "aws.log"))
  const { api: base, dataplaneServer, inspector, process: { pid } } = await part(
    startEcsMesh({ folder, store: database.environment, tree: plan.tree, inspect: plan.profile !== null }, {
      ...cluster.environment,
      KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: "none"
    }),
    (started) => {
      started.inspector?.close()
      return started.process.stop(10_000)
    }
  )
  const api = new Api(base)
  await seedMesh(api)
  await cluster.untilEventsFlow()
  const scene = sceneOf(plan.proxies)
  const indices = Array.from({ length: plan.proxies }, (_, index) => index)
  const lanes = Array.from({ length: PUTS_AT_A_TIME }, async () => {
    for (let index = indices.shift(); index !== undefined; index = indices.shift()) {
      await api.put(`/meshes/default/dataplanes/${proxyName(index)}`, dataplaneCallingEcs(scene, index))
    }
  })
  await Promise.all(lanes)
  // The service is never smaller than any other.
  const tasks = await cluster.run(plan.events + INSTANCES)
  const members = [
    ...membersOf(scene).map(callingEcs).map((member) => ({ ...member, dataplane: null })),
    ...tasks.map((name): Member => ({ name, service: ECS_SERVICE, calls: [], dataplane: null }))
  ]
  const ground = await startGround(workplace, {
    api,
    scene,
    dataplaneServer,
    inspector,
    members,
    instances: { ...serviceInstances(scene), [ECS_SERVICE]: tasks.length },
    pids: { subject: pid, database: database.pid }
  })
  await takePhase(ground, "ecs-cold-start", () => coldStart(ground))
  return takePhase(ground, "ecs", () => stopEvents(ground, cluster, tasks, plan.events))
}

await runMeasurement(measure)
