/**
 * One round: a task is stopped, its service starts another in its place. Waits until no other Envoy has the stopped
 * task's endpoint, and until the new task has answered a request that came over mutual TLS through another Envoy.
 */
import { Agent, get } from "node:http"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { endpointsOf } from "../../test/support/envoyAdmin.ts"
import type { SeenEvent } from "./AwsTap.ts"
import type { Push } from "./JournalIndex.ts"
import { outboundPort, type TaskWorld } from "./TaskWorld.ts"

/** Milliseconds. Of a lost event, `stopTaken` is NaN, and what follows counts from the queue's answer. */
export interface RoundFigures {
  readonly service: string
  readonly stopDropped: boolean
  readonly startDropped: boolean
  /** EventBridge's put -> the queue's answer to the operator. */
  readonly stopQueued: number
  /** The queue's answer -> the operator has taken the event. */
  readonly stopTaken: number
  /** Taken -> ECS and the store are read, and it is decided. */
  readonly stopDecided: number
  /** Decided -> stored, heard of from the store, and pushed to the first Envoy. */
  readonly stopPushed: number
  /** The first push -> the last Envoy has acknowledged. */
  readonly stopAcked: number
  /** EventBridge's put -> the last Envoy has acknowledged. */
  readonly gone: number
  /** The same from the queue's answer. */
  readonly goneFromReceived: number
  /** How many Envoys that was. */
  readonly envoys: number
  /** EventBridge's put of RUNNING -> the new task's first answer. */
  readonly answered: number
  readonly answeredFromReceived: number
  /** RUNNING's put -> the app's health check passed, of which no event tells. */
  readonly startHealthy: number
  /** The health check passed -> the first push of the endpoint. */
  readonly startPushed: number
  /** The first push -> the first answer. */
  readonly startAnswered: number
  /** Of the rounds that are checked so: how much later the journal has an acknowledgement than Envoy's admin. */
  readonly ackAfterAdmin: ReadonlyArray<number>
}

const WITHIN = { withinMillis: 120_000, everyMillis: 5 }
const ASK_EVERY_MILLIS = 2

/** The body of an answer with status 200. */
const ask = (agent: Agent, host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const call = get({ host, port, path: "/", agent, timeout: 2_000 }, (answer) => {
      let body = ""
      answer.setEncoding("utf8").on("data", (chunk: string) => { body += chunk })
      answer.once("end", () => resolve(answer.statusCode === 200 ? body : undefined))
      answer.once("error", () => resolve(undefined))
    })
    call.once("error", () => resolve(undefined))
    call.once("timeout", () => call.destroy())
  })

/** Asks through another task's Envoy until the task itself has answered; gives the time. */
const firstAnswer = async (client: string, service: string, taskId: string): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    return await waitFor(
      `an answer of ${taskId}`,
      async () => await ask(agent, client, outboundPort(service)) === taskId ? Date.now() : undefined,
      { ...WITHIN, everyMillis: ASK_EVERY_MILLIS }
    )
  } finally {
    agent.destroy()
  }
}

const stopEvent = (events: ReadonlyArray<SeenEvent>, taskId: string) =>
  events.findLast((event) => event.taskId === taskId && event.desiredStatus === "STOPPED" && event.lastStatus === "RUNNING")

const startEvent = (events: ReadonlyArray<SeenEvent>, taskId: string) =>
  events.findLast((event) => event.taskId === taskId && event.desiredStatus === "RUNNING" && event.lastStatus === "RUNNING")

/** Every member has been sent the endpoints since, and has acknowledged. */
const ackedByAll = (
  pushes: ReadonlyMap<string, Push>,
  members: ReadonlySet<string>
): { readonly firstPush: number; readonly lastAck: number } | undefined => {
  let firstPush = Infinity
  let lastAck = 0
  for (const member of members) {
    const push = pushes.get(member)
    if (push === undefined || push.ackedAt === null) return undefined
    firstPush = Math.min(firstPush, push.at)
    lastAck = Math.max(lastAck, push.ackedAt)
  }
  return { firstPush, lastAck }
}

/** When each Envoy's admin shows no more of the address; asked every few milliseconds. */
const absentByAdmin = async (addresses: ReadonlyMap<string, string>, service: string, gone: string) =>
  new Map(
    await Promise.all([...addresses].map(async ([taskId, address]) => {
      const at = await waitFor(`${taskId} to lose ${gone}`, async () => {
        const asked = Date.now()
        return (await endpointsOf(address, service)).includes(gone) ? undefined : asked
      }, WITHIN)
      return [taskId, at] as const
    }))
  )

export const playRound = async (world: TaskWorld, number: number, checkAdmin: boolean): Promise<RoundFigures> => {
  const { agent, demo, journal, services, tap } = world
  const service = services[number % services.length] ?? ""
  const called = services[(number + 1) % services.length] ?? ""
  const running = agent.tasks()
  const own = running.filter(({ plan }) => plan.serviceName === service)
  const victim = own[number % own.length]
  const callers = running.filter(({ plan }) => plan.serviceName === called && plan.taskId !== victim?.plan.taskId)
  const caller = callers[number % callers.length]
  if (victim === undefined || caller === undefined) throw new Error(`no task of ${service} or ${called} is running`)
  const known = new Set(running.map(({ plan }) => plan.taskId))
  const others = running.filter((run) => run !== victim)
  const members = new Set(others.map(({ plan }) => plan.taskId).filter((id) => journal.connected.has(id)))
  const stopped = victim.plan.taskId

  const watched = new Map(
    checkAdmin ? others.slice(0, 3).map(({ plan }) => [plan.taskId, plan.address] as const) : []
  )
  const seenByAdmin = absentByAdmin(watched, service, victim.plan.address)
  await demo.stopTask(stopped)
  const stop = await waitFor("the stop event", () => stopEvent(tap.events, stopped), WITHIN)

  const started = await waitFor("the task in its place", () =>
    agent.tasks().find(({ plan }) => plan.serviceName === service && !known.has(plan.taskId)), WITHIN)
  const replacement = started.plan.taskId
  const start = await waitFor("the start event", () => startEvent(tap.events, replacement), WITHIN)
  const answeredAt = await firstAnswer(caller.plan.address, service, replacement)

  const decidedAt = await waitFor("a decision on the stopped task", () => journal.decidedAt(stopped, stop.putAt), WITHIN)
  const takenAt = stop.dropped ? NaN : journal.takenAt(stopped, stop.receivedAt) ?? NaN
  const gone = await waitFor("everybody to lose the endpoint", () =>
    ackedByAll(journal.pushes(service, decidedAt), members), WITHIN)
  const admin = await seenByAdmin
  const pushes = journal.pushes(service, decidedAt)
  const ackAfterAdmin = [...admin].map(([taskId, at]) => (pushes.get(taskId)?.ackedAt ?? NaN) - at)
  for (const { plan } of others) {
    if ((await endpointsOf(plan.address, service)).includes(victim.plan.address)) {
      throw new Error(`Envoy of ${plan.taskId} still has the endpoint of ${stopped}, though it acknowledged`)
    }
  }

  const app = started.containers.find(({ plan }) => plan.name === "app")
  const healthyAt = app?.state().healthSince.getTime() ?? NaN
  const readyPush = await waitFor("everybody to have the new endpoint", () => {
    const readyAt = journal.lastDecidedAt(replacement, answeredAt)
    return readyAt === undefined ? undefined : ackedByAll(journal.pushes(service, readyAt), members)
  }, WITHIN)
  return {
    service,
    stopDropped: stop.dropped,
    startDropped: start.dropped,
    stopQueued: stop.receivedAt - stop.putAt,
    stopTaken: takenAt - stop.receivedAt,
    stopDecided: decidedAt - (stop.dropped ? stop.receivedAt : takenAt),
    stopPushed: gone.firstPush - decidedAt,
    stopAcked: gone.lastAck - gone.firstPush,
    gone: gone.lastAck - stop.putAt,
    goneFromReceived: gone.lastAck - stop.receivedAt,
    envoys: members.size,
    answered: answeredAt - start.putAt,
    answeredFromReceived: answeredAt - start.receivedAt,
    startHealthy: healthyAt - start.putAt,
    startPushed: readyPush.firstPush - healthyAt,
    startAnswered: answeredAt - readyPush.firstPush,
    ackAfterAdmin
  }
}

/** The mesh is whole: as many tasks as wanted, each with its stream, nothing on its way out. */
export const untilWhole = (world: TaskWorld, tasks: number, withinMillis: number): Promise<true> =>
  waitFor("all tasks to be in the mesh", () => {
    const runs = world.agent.tasks()
    const whole = runs.length === tasks && runs.every((run) =>
      run.desiredStatus() === "RUNNING" && world.journal.connected.has(run.plan.taskId) &&
      run.containers.every((container) => container.state().health === "HEALTHY"))
    return whole ? true : undefined
  }, { withinMillis, everyMillis: 100 })
