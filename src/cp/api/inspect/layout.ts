/**
 * What a proxy offers and calls, each under its identifier, and what policies say of one of them. Only of meshes in
 * which MeshServices are all that counts: what is called by its tag has no identifier.
 */
import { Effect } from "effect"
import { calleeOf, routeIds, saidOfCalls } from "../../inspect/callRules.ts"
import { inboundRules, ofInbound } from "../../inspect/callerRules.ts"
import { inOrder, matchedPolicies } from "../../inspect/matchedPolicies.ts"
import { type Conf, isConf, type Said } from "../../inspect/policyParts.ts"
import { type Destination, type DestinationPort, findPort } from "../../snapshot/Destination.ts"
import type { MeshView } from "../../snapshot/MeshView.ts"
import { OutboundLists } from "../../xds/outbounds.ts"
import type { Inbound } from "../../../model/Dataplane.ts"
import { formatKri } from "../../../model/formatKri.ts"
import type { Policy } from "../../../model/policies.ts"
import type { ProxyId } from "../../../model/ProxyType.ts"
import type { Resource } from "../../../model/Resource.ts"
import { shortKind } from "../../../model/services/serviceNames.ts"
import { PROTOCOL_TAG } from "../../../model/Tags.ts"
import { badRequest, notFound, type Refusal } from "../Refusal.ts"
import { json, requireView } from "./answers.ts"
import { elsewhere } from "./elsewhere.ts"
import type { InspectEntry, Question } from "./InspectEntry.ts"
import { requireDataplane } from "./policies.ts"
import { isExclusive, matchedRoutes, proxyRule } from "./rules.ts"

const find = (question: Question, endpoint: string) =>
  Effect.gen(function*() {
    const view = yield* requireView(question)
    const dataplane = yield* requireDataplane(view, question, "Could not retrieve Dataplane")
    if (!isExclusive(view)) {
      return yield* badRequest(`bad request: can't use ${endpoint} endpoint without meshService enabled: the mesh's ` +
        "meshServices.mode must be Exclusive")
    }
    return { view, dataplane }
  })

const sectionOf = ({ name, port }: Inbound): string => name || String(port)

const kriOf = (resource: Resource, section = ""): string => `${formatKri(resource) ?? ""}${section}`

const destinationKri = ({ core, kind }: Destination, section: string): string =>
  `kri_${shortKind(kind)}_${core.mesh}_${core.zone}_${core.namespace}_${core.name}_${section}`

const portSection = ({ name, port }: DestinationPort): string => name || String(port)

const encodeInbound = (dataplane: Resource<"Dataplane">) => (inbound: Inbound) => ({
  kri: kriOf(dataplane, sectionOf(inbound)),
  port: inbound.port,
  protocol: inbound.protocol ?? inbound.tags?.[PROTOCOL_TAG] ?? "tcp",
  proxyResourceName: `self_inbound_dp_${sectionOf(inbound)}`
})

/** What the proxy listens for, as it is told: those by reference. */
const outboundsOf = (view: MeshView, dataplane: Resource<"Dataplane">, bindOutbounds: boolean) => {
  const found = new Map<string, { readonly kri: string; readonly port: number; readonly protocol: string }>()
  for (const { backend } of new OutboundLists().of(view, dataplane, bindOutbounds).outbounds) {
    const destination = backend === undefined ? undefined : view.destinations.get(backend.destination)
    const port = destination?.ports.find((one) => one.port === backend?.port)
    if (destination === undefined || port === undefined) continue
    const kri = destinationKri(destination, portSection(port))
    found.set(kri, { kri, port: port.port, protocol: port.protocol })
  }
  return [...found.values()].sort((a, b) => (a.kri < b.kri ? -1 : 1))
    .map((outbound) => ({ ...outbound, proxyResourceName: outbound.kri }))
}

const answerLayout = (question: Question) =>
  Effect.gen(function*() {
    const { dataplane, view } = yield* find(question, "_layout")
    const { inspector } = question
    const { mesh, name, spec: { networking } } = dataplane
    const proxy: ProxyId = { proxyType: "dataplane", mesh, name }
    const insight = inspector.resources.get({ type: "DataplaneInsight", mesh, name })?.spec
    // Whether it listens on virtual addresses is for itself to say.
    const refusal = elsewhere(inspector, proxy, insight, "Could not retrieve Dataplane")
    if (refusal !== null) return yield* refusal
    const settings = inspector.settings(proxy)
    return json({
      inbounds: (networking?.inbound ?? []).map(encodeInbound(dataplane)),
      kri: kriOf(dataplane),
      labels: dataplane.labels,
      listeners: (networking?.listeners ?? []).flatMap(({ name, port = 0, type }) => {
        if (type === undefined || type === "Unspecified") return []
        const section = name || String(port)
        const kind = type === "ZoneIngress" ? "zoneingress" : "zoneegress"
        return [{ kri: kriOf(dataplane, section), type, port, proxyResourceName: `self_${kind}_dp_${section}` }]
      }),
      outbounds: outboundsOf(view, dataplane, settings.bindOutbounds === true)
    })
  })

const originsOf = (policies: Iterable<Policy>) => [...new Set(policies)].map((policy) => ({ kri: kriOf(policy) }))

const saidBy = (said: ReadonlyArray<Said>) => originsOf(said.map(({ policy }) => policy))

const answerPolicies = (question: Question) =>
  Effect.map(find(question, "_policies"), ({ dataplane, view }) =>
    json({
      policies: inOrder(matchedPolicies(view.policies, dataplane)).flatMap(({ policies, type }) => {
        const rule = proxyRule(policies)
        return rule === null ? [] : [{ conf: rule.conf, kind: type, origins: originsOf(rule.of) }]
      })
    }))

const KRI = /^kri_[a-z]+_.*_[^_]*_[^_]*_[^_]+_[^_]*$/

const readKri = (text: string): Effect.Effect<string, Refusal> =>
  KRI.test(text) ? Effect.succeed(text) : Effect.fail(badRequest(`bad request: invalid identifier string: "${text}"`))

const requireInbound = (dataplane: Resource<"Dataplane">, { parameter }: Question) =>
  Effect.flatMap(readKri(parameter("inbound")), (kri): Effect.Effect<Inbound, Refusal> => {
    const inbound = (dataplane.spec.networking?.inbound ?? []).find((one) => kriOf(dataplane, sectionOf(one)) === kri)
    return inbound === undefined ? Effect.fail(notFound("Could not retrieve inbound")) : Effect.succeed(inbound)
  })

const answerInbound = (question: Question) =>
  Effect.gen(function*() {
    const { dataplane, view } = yield* find(question, "_policies")
    const inbound = yield* requireInbound(dataplane, question)
    return json({
      policies: inOrder(matchedPolicies(view.policies, dataplane)).flatMap(({ policies, type }) => {
        const rules = inboundRules(ofInbound(view, policies, dataplane, inbound))
        return rules.length === 0 ? [] : [{
          kind: type,
          origins: saidBy(rules),
          rules: rules.map(({ conf, matches, policy }) => ({
            conf,
            kri: kriOf(policy),
            ...(matches.length === 0 ? {} : { match: matches[0] })
          }))
        }]
      })
    })
  })

interface Outbound {
  readonly destination: Destination
  readonly sections: ReadonlyArray<string>
}

/** By port, or all of a destination where the identifier ends without one. */
const requireOutbound = (view: MeshView, { parameter }: Question) =>
  Effect.flatMap(readKri(parameter("outbound")), (kri): Effect.Effect<Outbound, Refusal> => {
    const section = kri.slice(kri.lastIndexOf("_") + 1)
    const destination = [...view.destinations.values()].find((one) => destinationKri(one, section) === kri)
    const port = destination === undefined || section === "" ? undefined : findPort(destination, section)
    return destination === undefined || (section !== "" && port === undefined)
      ? Effect.fail(notFound("Could not retrieve outbound"))
      : Effect.succeed({ destination, sections: port === undefined ? [] : [port.name, String(port.port)] })
  })

const ROUTES: ReadonlyArray<string> = ["MeshHTTPRoute", "MeshTCPRoute"]

const answerOutbound = (question: Question) =>
  Effect.gen(function*() {
    const { dataplane, view } = yield* find(question, "_policies")
    const { destination, sections } = yield* requireOutbound(view, question)
    const routes = matchedRoutes(view, dataplane)
    return json({
      policies: inOrder(matchedPolicies(view.policies, dataplane)).flatMap(({ policies, type }) => {
        const merged = saidOfCalls(policies, routes)(calleeOf(destination, sections))
        return merged === null ? [] : [{ conf: [merged.conf], kind: type, origins: saidBy(merged.said) }]
      })
    })
  })

const rulesIn = ({ rules }: Conf): ReadonlyArray<Conf> => (Array.isArray(rules) ? rules.filter(isConf) : [])

/** The last policy that says something of these matches. */
const ruler = (said: ReadonlyArray<Said>, matches: unknown): Policy | undefined =>
  said.findLast(({ conf }) => rulesIn(conf).some((rule) => JSON.stringify(rule["matches"]) === JSON.stringify(matches)))
    ?.policy

const answerRoutes = (question: Question) =>
  Effect.gen(function*() {
    const { dataplane, view } = yield* find(question, "_routes")
    const { destination, sections } = yield* requireOutbound(view, question)
    const routes = matchedRoutes(view, dataplane)
    return json({
      routes: inOrder(matchedPolicies(view.policies, dataplane)).flatMap(({ policies, type }) => {
        if (!ROUTES.includes(type)) return []
        const merged = saidOfCalls(policies, routes)(calleeOf(destination, sections))
        if (merged === null) return []
        const rules = type === "MeshHTTPRoute" ? rulesIn(merged.conf) : [merged.conf]
        return [{
          kind: type,
          origins: saidBy(merged.said),
          rules: rules.map((rule) => {
            const policy = ruler(merged.said, rule["matches"]) ?? merged.said.at(-1)?.policy
            return {
              conf: rule["default"] ?? {},
              kri: policy === undefined ? "" : kriOf(policy),
              matches: rule["matches"] ?? []
            }
          })
        }]
      })
    })
  })

const answerRoute = (question: Question) =>
  Effect.gen(function*() {
    const { dataplane, view } = yield* find(question, "_policies")
    const { destination, sections } = yield* requireOutbound(view, question)
    const kri = yield* readKri(question.parameter("route"))
    const routes = matchedRoutes(view, dataplane)
    const route = routes.find((one) => kriOf(one) === kri)
    const id = route === undefined ? undefined : routeIds(route)[0]
    if (id === undefined) return yield* notFound("Could not retrieve route")
    return json({
      policies: inOrder(matchedPolicies(view.policies, dataplane)).flatMap(({ policies, type }) => {
        if (ROUTES.includes(type)) return []
        const merged = saidOfCalls(policies, routes)(calleeOf(destination, sections), id)
        return merged === null ? [] : [{ conf: [merged.conf], kind: type, origins: saidBy(merged.said) }]
      })
    })
  })

const BASE = "/meshes/{mesh}/dataplanes/{name}"

export const layoutEntries: ReadonlyArray<InspectEntry> = [
  { path: `${BASE}/_layout`, summary: "What a proxy offers and calls", answer: answerLayout },
  { path: `${BASE}/_policies`, summary: "What policies say of the whole proxy", answer: answerPolicies },
  {
    path: `${BASE}/_inbounds/{inbound}/_policies`,
    summary: "What policies say of one inbound of a proxy",
    answer: answerInbound
  },
  {
    path: `${BASE}/_outbounds/{outbound}/_policies`,
    summary: "What policies say of a proxy's calls to one destination",
    answer: answerOutbound
  },
  {
    path: `${BASE}/_outbounds/{outbound}/_routes`,
    summary: "Where a proxy's calls to one destination go",
    answer: answerRoutes
  },
  {
    path: `${BASE}/_outbounds/{outbound}/_routes/{route}/_policies`,
    summary: "What policies say of a proxy's calls by one route",
    answer: answerRoute
  }
]
