/**
 * A generator process: simulates a few hundred sidecars, does what the bench orders over IPC, and ends with it. Takes
 * the moment of each arrival where the bytes come from the socket.
 */
import { createPrivateKey } from "node:crypto"
import type { Response } from "./discovery.ts"
import type { Account, News, Order, Reply, Setting, Sign, Traffic, Watched } from "./orders.ts"
import { Type } from "./ResourceFacts.ts"
import { serviceOfAssignment, SimulatedProxy } from "./SimulatedProxy.ts"
import { signToken } from "./signToken.ts"
import { shortType } from "./Subscriptions.ts"

/** Bootstraps that are under way at a time: more would only fill the listening queue. */
const AT_A_TIME = 100

const proxies: Array<SimulatedProxy> = []
let broken = 0

const tell = (news: News): void => {
  process.send?.(news)
}

const onWhole = (whole: boolean, at: number): void => {
  broken += whole ? -1 : 1
  if (broken === 0) tell({ news: "whole", whole: true, at })
  else if (!whole && broken === 1) tell({ news: "whole", whole: false, at })
}

interface Watch {
  readonly sign: Sign
  readonly waiting: Set<SimulatedProxy>
  readonly arrivals: Array<number>
  foreign: { messages: number; bytes: number }
  messages: number
  bytes: number
  /** Whom it concerns at all. */
  readonly concerned: ReadonlySet<SimulatedProxy>
}

let watch: Watch | null = null

const concerns = (sign: Sign, { member }: SimulatedProxy): boolean =>
  sign.kind !== "nothing" && (sign.kind !== "endpoints" || member.calls.includes(sign.service))

const isThere = (sign: Sign, { subscriptions }: SimulatedProxy, { typeUrl }: Response, message: Buffer): boolean => {
  switch (sign.kind) {
    case "endpoints":
      return typeUrl === Type.Endpoint && [...subscriptions.assignments.held].every(([name, { facts }]) =>
        serviceOfAssignment(name) !== sign.service || facts.endpoints === sign.endpoints
      )
    case "connectTimeout":
      return typeUrl === Type.Cluster && [...subscriptions.clusters.held.values()].every(({ facts }) =>
        facts.assignments.length === 0 || facts.connectTimeout === sign.millis
      )
    case "text":
      return (typeUrl === Type.Listener || typeUrl === Type.Route) && message.includes(sign.text)
    default:
      return false
  }
}

const traffic: Record<string, Traffic> = {}

const note = ({ removed, resources, typeUrl }: Response, { length }: Buffer): void => {
  const type = shortType(typeUrl)
  const before = traffic[type] ?? { messages: 0, resources: 0, bytes: 0 }
  traffic[type] = {
    messages: before.messages + 1,
    resources: before.resources + resources.length + removed.length,
    bytes: before.bytes + length
  }
}

const onResponse = (proxy: SimulatedProxy, response: Response, message: Buffer, at: number): void => {
  note(response, message)
  if (watch === null) return
  watch.messages++
  watch.bytes += message.length
  // A change of a proxy's own Dataplane may well concern that proxy itself.
  const itself = watch.sign.kind === "endpoints" && watch.sign.changed === proxy.member.name
  if (!watch.concerned.has(proxy) && !itself) {
    watch.foreign.messages++
    watch.foreign.bytes += message.length
  }
  if (!watch.waiting.has(proxy) || !isThere(watch.sign, proxy, response, message)) return
  watch.waiting.delete(proxy)
  watch.arrivals.push(at)
  if (watch.waiting.size === 0) tell({ news: "arrived" })
}

const prepare = (given: Setting): null => {
  const key = createPrivateKey(given.signingKey.pem)
  const { host, port, variant } = given
  const known = new Map<string, number>()
  const instances = (assignment: string): number => {
    const count = known.get(assignment) ?? given.instances[serviceOfAssignment(assignment)] ?? NaN
    known.set(assignment, count)
    return count
  }
  for (const member of given.members) {
    const token = signToken(key, given.signingKey.id, member.name)
    proxies.push(new SimulatedProxy({ host, port, variant, member, instances, token, onResponse, onWhole }))
  }
  broken = proxies.length
  return null
}

const start = (): null => {
  const waiting = [...proxies]
  const next = async (): Promise<void> => {
    for (let proxy = waiting.shift(); proxy !== undefined; proxy = waiting.shift()) {
      await proxy.bootstrap()
      proxy.connect()
    }
  }
  for (let lane = 0; lane < AT_A_TIME; lane++) {
    next().catch((error: unknown) => tell({ news: "failed", message: String(error) }))
  }
  return null
}

const begin = (sign: Sign): null => {
  const concerned = new Set(proxies.filter((proxy) => concerns(sign, proxy)))
  watch = {
    sign,
    concerned,
    waiting: new Set(concerned),
    arrivals: [],
    foreign: { messages: 0, bytes: 0 },
    messages: 0,
    bytes: 0
  }
  if (concerned.size === 0) tell({ news: "arrived" })
  return null
}

const collect = (): Watched => {
  const { arrivals, bytes, foreign, messages, waiting } = watch ?? {
    arrivals: [],
    bytes: 0,
    foreign: { messages: 0, bytes: 0 },
    messages: 0,
    waiting: new Set()
  }
  watch = null
  return { arrivals, missing: waiting.size, foreign, messages, bytes }
}

const storm = (): null => {
  for (const proxy of proxies) proxy.drop()
  return null
}

const leave = (names: ReadonlyArray<string>): null => {
  const gone = new Set(names)
  const kept = proxies.filter((proxy) => !gone.has(proxy.member.name))
  for (const proxy of proxies) if (gone.has(proxy.member.name)) proxy.leave()
  proxies.splice(0, proxies.length, ...kept)
  return null
}

const account = (): Account => {
  const { system, user } = process.cpuUsage()
  const failures: Record<string, number> = {}
  for (const text of proxies.flatMap((proxy) => proxy.failures)) failures[text] = (failures[text] ?? 0) + 1
  const sum = (of: (proxy: SimulatedProxy) => number): number => proxies.reduce((total, proxy) => total + of(proxy), 0)
  return {
    cpuSeconds: (system + user) / 1e6,
    messages: sum(({ messages }) => messages),
    bytes: sum(({ bytes }) => bytes),
    nacks: sum(({ nacks }) => nacks),
    whole: proxies.filter(({ whole }) => whole).length,
    bootstrapRetries: sum(({ bootstrapRetries }) => bootstrapRetries),
    streamRetries: sum(({ streamRetries }) => streamRetries),
    traffic,
    failures,
    sample: proxies[0]?.subscriptions.count() ?? {}
  }
}

const follow = (order: Order): Reply => {
  switch (order.do) {
    case "prepare":
      return prepare(order.setting)
    case "start":
      return start()
    case "watch":
      return begin(order.sign)
    case "collect":
      return collect()
    case "storm":
      return storm()
    case "leave":
      return leave(order.names)
    case "account":
      return account()
  }
}

process.on("message", (order: Order) => {
  try {
    tell({ news: "reply", reply: follow(order) })
  } catch (error) {
    tell({ news: "failed", message: error instanceof Error ? error.stack ?? error.message : String(error) })
  }
})
process.on("uncaughtException", (error) => {
  tell({ news: "failed", message: error.stack ?? error.message })
  process.exitCode = 1
  setTimeout(() => process.exit(), 100)
})
// The bench ends its generators in order: a Ctrl-C at the terminal is its to handle.
process.on("SIGINT", () => undefined)
process.on("disconnect", () => process.exit())
