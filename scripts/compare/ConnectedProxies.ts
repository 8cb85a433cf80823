/**
 * Two Dataplanes, a ZoneIngress and a ZoneEgress, each with a real kuma-dp and Envoy, connected to one control plane.
 * Their addresses and ports are the same wherever they are started: they have a network namespace to themselves.
 */
import { writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import type { Part } from "../../bench/mesh/runMeasurement.ts"
import type { RunningProcess } from "../../localstack/process/startProcess.ts"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { type KumaDp, type ProxyType, startKumaDp } from "../kuma-dp/startKumaDp.ts"
import { answerOfKumactl, type Asked } from "./takeStep.ts"

export interface ConnectedProxies {
  /** Ends all proxies as a task does, by SIGTERM, and waits until they have drained. */
  readonly end: () => Promise<void>
  /** Ends the app behind `orders-1`, which has a probe. */
  readonly endApp: () => Promise<void>
}

interface Proxy {
  readonly name: string
  readonly type: ProxyType
  readonly template: string
  readonly address: string
}

const PROXIES: ReadonlyArray<Proxy> = [
  { name: "shop-1", type: "dataplane", template: "shop.yaml", address: "127.0.0.21" },
  { name: "orders-1", type: "dataplane", template: "orders.yaml", address: "127.0.0.22" },
  { name: "in-1", type: "ingress", template: "ingress.yaml", address: "127.0.0.31" },
  { name: "out-1", type: "egress", template: "egress.yaml", address: "127.0.0.32" }
]

const TOKENS: Readonly<Record<ProxyType, ReadonlyArray<string>>> = {
  dataplane: ["dataplane-token", "--mesh", "default"],
  ingress: ["zone-token", "--zone", "default", "--scope", "ingress"],
  egress: ["zone-token", "--zone", "default", "--scope", "egress"]
}

const OVERVIEWS: Readonly<Record<ProxyType, string>> = {
  dataplane: "/meshes/default/dataplanes",
  ingress: "/zoneingresses",
  egress: "/zoneegresses"
}

const templates = join(import.meta.dirname, "resources", "connected")

const listen = (address: string, port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on("error", () => undefined).end())
    server.once("error", reject).listen(port, address, () => resolve(server))
  })

const end = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

/** The token's file. */
const fetchToken = async (asked: Asked, { name, type }: Proxy): Promise<string> => {
  const answer = await answerOfKumactl(asked, ["generate", ...TOKENS[type], "--valid-for", "24h"])
  const token = /^eyJ\S+$/m.exec(answer)?.[0]
  if (token === undefined) throw new Error(`no token for ${name}: ${answer}`)
  const file = join(asked.folder, `${name}.token`)
  await writeFile(file, token)
  return file
}

interface Overview {
  readonly [insight: string]: { readonly subscriptions?: ReadonlyArray<Subscription> } | undefined
}

interface Subscription {
  readonly disconnectTime?: string
  readonly status?: { readonly total?: { readonly responsesAcknowledged?: string } }
}

const isConnected = ({ disconnectTime, status }: Subscription): boolean =>
  disconnectTime === undefined && Number(status?.total?.responsesAcknowledged ?? 0) > 0

const waitUntilConnected = (api: string, { name, type }: Proxy, process: RunningProcess): Promise<unknown> =>
  waitFor(`${name} connected`, async () => {
    if (process.exit() !== undefined) return "ended"
    const answer = await fetch(`${api}${OVERVIEWS[type]}/${name}/_overview`)
    const overview = await answer.json() as Overview
    const subscriptions = Object.entries(overview).flatMap(([key, insight]) =>
      key.endsWith("Insight") ? insight?.subscriptions ?? [] : [])
    return subscriptions.some(isConnected) ? "connected" : undefined
  }, { withinMillis: 60_000, everyMillis: 500 }).then((how) => {
    if (how === "ended") throw new Error(`the kuma-dp of ${name} ended:\n${process.output()}`)
  })

interface Probed {
  readonly state?: string
  readonly health?: { readonly ready?: boolean }
}

/** Until its Envoy has said so of its app. */
const waitForOrders = (api: string, what: string, isSo: (inbound: Probed) => boolean): Promise<unknown> =>
  waitFor(`orders-1 ${what}`, async () => {
    const answer = await fetch(`${api}/meshes/default/dataplanes/orders-1`)
    const { networking } = await answer.json() as { networking: { inbound: ReadonlyArray<Probed> } }
    return networking.inbound.slice(0, 1).some(isSo) ? what : undefined
  }, { withinMillis: 60_000, everyMillis: 500 })

export const connectProxies = async (
  part: Part,
  asked: Asked,
  programs: Pick<KumaDp, "kumaDp" | "envoy" | "controlPlane">
): Promise<ConnectedProxies> => {
  const running: Array<RunningProcess> = []
  for (const [place, proxy] of PROXIES.entries()) {
    const started = await part(
      startKumaDp({
        ...programs,
        folder: asked.folder,
        name: proxy.name,
        type: proxy.type,
        template: join(templates, proxy.template),
        variables: { name: proxy.name, address: proxy.address, adminPort: String(9901 + place) },
        token: await fetchToken(asked, proxy),
        readinessPort: 9801 + place,
        env: { KUMA_DATAPLANE_DRAIN_TIME: "1s" }
      }),
      (process) => process.stop(10_000)
    )
    running.push(started)
    // One after the other: who comes first is told of whoever comes later in as many answers.
    await waitUntilConnected(asked.api, proxy, started)
  }
  // It comes after its proxy: Kuma notes nothing of an app that was never missed.
  await waitForOrders(asked.api, "without its app", ({ state }) => state === "NotReady")
  const app = await part(listen("127.0.0.22", 3000), end)
  await waitForOrders(asked.api, "ready", ({ health }) => health?.ready === true)
  return {
    end: async () => void await Promise.all(running.map((process) => process.stop(20_000))),
    endApp: () => end(app)
  }
}
