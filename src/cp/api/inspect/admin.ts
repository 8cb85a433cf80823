/**
 * What an Envoy says of itself: its configuration, its clusters, its statistics. The first is told by what this
 * control plane sent and had acknowledged; for the others the proxy is asked.
 */
import { Effect } from "effect"
import { heldBy, isConnected } from "../../inspect/proxyStatus.ts"
import { configDump, dumpedResources } from "../../server/configDump.ts"
import { isThisHost } from "../../admin/addresses.ts"
import { EnvoyAdmin, type EnvoyQuestion } from "../../admin/EnvoyAdmin.ts"
import { adminListens } from "../../xds/listener/admin.ts"
import { renderAsEnvoy } from "../../xds/renderAsEnvoy.ts"
import type { DataplaneInsight } from "../../../model/DataplaneInsight.ts"
import { proxyKey, type ProxyResource } from "../../../model/proxyResource.ts"
import type { ProxyId, ProxyType } from "../../../model/ProxyType.ts"
import { notFound, notHere, notInspected, type Refusal } from "../Refusal.ts"
import { mapInSlices } from "../Turns.ts"
import { json } from "./answers.ts"
import { elsewhere } from "./elsewhere.ts"
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
  const resource = inspector.resources.get(proxyKey(proxy))
  if (resource === undefined) return Effect.fail(notFound(kind.missing))
  const { mesh, name } = proxy
  const insight = inspector.resources.get({ type: kind.insight, mesh, name })?.spec
  return Effect.succeed({ proxy, insight, spec: resource.spec })
}

/** Who isn't connected has nothing to be asked. */
const notConnected = (name: string, insight: DataplaneInsight | undefined): Refusal => {
  if (insight === undefined) return notFound(TITLE, `the proxy ${name} has never connected to this control plane`)
  const ended = insight.subscriptions.at(-1)?.disconnectTime
  const since = ended === undefined ? "" : `: its last stream ended at ${ended}`
  return notFound(TITLE, `the proxy ${name} isn't connected${since}`)
}

const requireStream = ({ inspector }: Question, proxy: ProxyId, insight: DataplaneInsight | undefined) => {
  const stream = inspector.stream(proxy)
  return stream === null
    ? Effect.fail(elsewhere(inspector, proxy, insight, TITLE) ?? notConnected(proxy.name, insight))
    : Effect.succeed(stream)
}

const dump = (kind: Kind) => (question: Question) =>
  Effect.gen(function*() {
    const { insight, proxy } = yield* find(kind, question)
    const stream = yield* requireStream(question, proxy, insight)
    const includeEndpoints = /^(1|t|true)$/i.test(question.request.query.get("include_eds") ?? "")
    const rendered = new Map(yield* mapInSlices(dumpedResources(stream, { includeEndpoints }), (resource) =>
      [resource, renderAsEnvoy(resource)] as const))
    return json(configDump(stream, {
      includeEndpoints,
      rejections: insight?.rejections ?? [],
      render: (resource) => rendered.get(resource) ?? renderAsEnvoy(resource)
    }))
  })

/** As Kuma reads them: what Envoy never counted is left out unless it is asked for. */
const pathOf = (what: "stats" | "clusters", query: URLSearchParams): string => {
  const all = /^(0|f|false)$/i.test(query.get("usedonly") ?? "")
  const parts = [
    ...(query.get("format") === "json" ? ["format=json"] : []),
    ...(what === "stats" && !all ? ["usedonly"] : [])
  ]
  return `/${what}${parts.length === 0 ? "" : `?${parts.join("&")}`}`
}

type Place = Pick<EnvoyQuestion, "address" | "port" | "isPlain">

/**
 * Where the proxy's Envoy is asked: at the proxy's own address, or, where Envoy itself holds that one and both of us are
 * on one host, as on a developer's machine, there.
 */
const placeOf = ({ inspector }: Question, { networking }: ProxyResource["spec"], proxy: ProxyId): Place | string => {
  const address = networking?.address ?? ""
  const port = networking?.admin?.port
  const stream = inspector.stream(proxy)
  if (stream === null) return { address, port: port ?? inspector.adminPort }
  const settings = inspector.settings(proxy)
  const listens = adminListens(address, port, settings)
  if (listens !== null) return listens
  const { admin } = settings
  if (admin === null) return "the proxy doesn't say where its Envoy's admin interface is"
  const isHere = [address, admin.address, stream.peerAddress ?? ""].every(isThisHost)
  return isHere && admin.path === undefined ? { address: admin.address, port: admin.port, isPlain: true } : (
    "the control plane asks Envoys by a listener of their own, for which Envoy's admin interface leaves no room on " +
    `${address}: let it listen on 127.0.0.1, or read it in the proxy's container`
  )
}

const askProxy = (kind: Kind, what: "stats" | "clusters") => (question: Question) =>
  Effect.gen(function*() {
    const { insight, proxy, spec } = yield* find(kind, question)
    const { inspector, request: { query } } = question
    const envoys = yield* EnvoyAdmin
    if (inspector.stream(proxy) === null && !isConnected(insight)) return yield* notConnected(proxy.name, insight)
    if (envoys === null) return yield* notInspected
    const place = placeOf(question, spec, proxy)
    if (typeof place === "string") return yield* notHere(TITLE, place)
    const holder = inspector.stream(proxy) === null ? heldBy(insight) : null
    const text = yield* envoys.ask({ ...place, proxy, path: pathOf(what, query) }).pipe(
      Effect.catchTag("NotAsked", ({ message }) =>
        Effect.fail(notHere(TITLE, holder === null ? message : `${message}. Its stream is with ${holder}`)))
    )
    const contentType = query.get("format") === "json" ? "application/json" : "text/plain"
    return { status: 200, text, contentType }
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
    query: ["format", "usedonly"],
    isTold: true,
    reserved: { action: "viewStats", what: "stats" },
    answer: askProxy(kind, "stats")
  },
  {
    path: `${kind.path}/{name}/clusters`,
    summary: "The clusters of a proxy's Envoy",
    query: ["format"],
    isTold: true,
    reserved: { action: "viewClusters", what: "clusters" },
    answer: askProxy(kind, "clusters")
  }
])
