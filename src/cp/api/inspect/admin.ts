/**
 * What an Envoy says of itself: its configuration, its clusters, its statistics. The first is told by what this
 * control plane sent and had acknowledged.
 */
import { Effect } from "effect"
import { heldBy, isConnected } from "../../inspect/proxyStatus.ts"
import { configDump } from "../../server/configDump.ts"
import type { DataplaneInsight } from "../../../model/DataplaneInsight.ts"
import { proxyKey } from "../../../model/proxyResource.ts"
import type { ProxyId, ProxyType } from "../../../model/ProxyType.ts"
import { notFound, notHere, type Refusal } from "../Refusal.ts"
import { json } from "./answers.ts"
import type { InspectEntry, Question } from "./InspectEntry.ts"

interface Kind {
  readonly proxyType: ProxyType
  readonly insight: "DataplaneInsight" | "ZoneIngressInsight" | "ZoneEgressInsight"
  /** Before `/{name}/xds`. */
  readonly path: string
  /** Of the refusal where there is no such proxy. */
  readonly missing: string
}

const KINDS: ReadonlyArray<Kind> = [
  {
    proxyType: "dataplane",
    insight: "DataplaneInsight",
    path: "/meshes/{mesh}/dataplanes",
    missing: "Could not get dataplane resource"
  },
  ...["/zoneingresses", "/zone-ingresses"].map((path): Kind => ({
    proxyType: "ingress", insight: "ZoneIngressInsight", path, missing: "Could not get zone ingress resource"
  })),
  ...["/zoneegresses", "/zone-egresses"].map((path): Kind => ({
    proxyType: "egress", insight: "ZoneEgressInsight", path, missing: "Could not get zone egress resource"
  }))
]

const TITLE = "Could not execute admin operation"

const find = (kind: Kind, { inspector, parameter }: Question) => {
  const proxy: ProxyId = { proxyType: kind.proxyType, mesh: parameter("mesh"), name: parameter("name") }
  if (inspector.resources.get(proxyKey(proxy)) === undefined) return Effect.fail(notFound(kind.missing))
  const { mesh, name } = proxy
  const insight = inspector.resources.get({ type: kind.insight, mesh, name })?.spec
  return Effect.succeed({ proxy, insight })
}

/** Who isn't connected has nothing to be asked. */
const notConnected = (name: string, insight: DataplaneInsight | undefined): Refusal => {
  if (insight === undefined) return notFound(TITLE, `the proxy ${name} has never connected to this control plane`)
  const ended = insight.subscriptions.at(-1)?.disconnectTime
  const since = ended === undefined ? "" : `: its last stream ended at ${ended}`
  return notFound(TITLE, `the proxy ${name} isn't connected${since}`)
}

/** Each replica knows of its own streams alone. */
const requireStream = ({ inspector }: Question, proxy: ProxyId, insight: DataplaneInsight | undefined) => {
  const stream = inspector.stream(proxy)
  if (stream !== null) return Effect.succeed(stream)
  const holder = heldBy(insight)
  return Effect.fail(holder === null || holder === inspector.instanceId
    ? notConnected(proxy.name, insight)
    : notHere(TITLE, `the proxy ${proxy.name} is connected to the control plane instance ${holder}, and this is ` +
      `${inspector.instanceId}: ask that one`))
}

const dump = (kind: Kind) => (question: Question) =>
  Effect.gen(function*() {
    const { insight, proxy } = yield* find(kind, question)
    const stream = yield* requireStream(question, proxy, insight)
    const includeEndpoints = /^(1|t|true)$/i.test(question.request.query.get("include_eds") ?? "")
    return json(configDump(stream, { includeEndpoints, rejections: insight?.rejections ?? [] }))
  })

const notAsked = (kind: Kind, what: "stats" | "clusters") => (question: Question) =>
  Effect.gen(function*() {
    const { insight, proxy } = yield* find(kind, question)
    const { settings, stream } = question.inspector
    if (stream(proxy) === null && !isConnected(insight)) return yield* notConnected(proxy.name, insight)
    const { admin } = settings(proxy)
    const at = admin === null ? "the address of its admin interface" : `http://${admin.address}:${admin.port}`
    return yield* notFound(TITLE, "this control plane asks no proxy, and Envoy's admin interface stays on the " +
      `proxy's own host. Read it in the proxy's container: curl ${at}/${what}`)
  })

export const adminEntries: ReadonlyArray<InspectEntry> = KINDS.flatMap((kind): ReadonlyArray<InspectEntry> => [
  {
    path: `${kind.path}/{name}/xds`,
    summary: "What a proxy was sent and has acknowledged, in the shape of Envoy's /config_dump",
    query: ["include_eds"],
    reserved: { action: "viewConfigDump", what: "config dump" },
    answer: dump(kind)
  },
  {
    path: `${kind.path}/{name}/stats`,
    summary: "The statistics of a proxy's Envoy",
    reserved: { action: "viewStats", what: "stats" },
    answer: notAsked(kind, "stats")
  },
  {
    path: `${kind.path}/{name}/clusters`,
    summary: "The clusters of a proxy's Envoy",
    reserved: { action: "viewClusters", what: "clusters" },
    answer: notAsked(kind, "clusters")
  }
])
