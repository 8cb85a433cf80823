/** What the policies that are about a proxy say together, of each of its inbounds and of all that it calls. */
import { Effect } from "effect"
import {
  resourceRules, type ResourceRule, saidOfCalls, type ServiceRule, serviceRules
} from "../../inspect/callRules.ts"
import { type FromRule, fromRules, inboundRules, ofInbound } from "../../inspect/callerRules.ts"
import { inOrder, matchedPolicies, type MatchedType } from "../../inspect/matchedPolicies.ts"
import { type Conf, mergeConfs, type Said, saidOfAll } from "../../inspect/policyParts.ts"
import type { MeshView } from "../../snapshot/MeshView.ts"
import { hashOfMatches } from "../../xds/policies/matchesHash.ts"
import type { Inbound } from "../../../model/Dataplane.ts"
import type { Policy } from "../../../model/policies.ts"
import { isType, type Resource } from "../../../model/Resource.ts"
import type { Tags } from "../../../model/Tags.ts"
import { encodeMeta, json, requireView } from "./answers.ts"
import type { InspectEntry, Question } from "./InspectEntry.ts"
import { requireDataplane } from "./policies.ts"

/** Each policy once, in the order in which they were merged. */
const originsOf = (said: ReadonlyArray<Said>): ReadonlyArray<Policy> => [...new Set(said.map(({ policy }) => policy))]

const encodeOrigins = (said: ReadonlyArray<Said>) => originsOf(said).map(encodeMeta)

/** Each with the place of the last that it said. */
const encodePlaces = (said: ReadonlyArray<Said>) =>
  originsOf(said).map((policy) => ({
    resourceMeta: encodeMeta(policy),
    ruleIndex: said.findLast((one) => one.policy === policy)?.index ?? 0
  }))

const encodeServiceRule = ({ conf, said, service }: ServiceRule) => ({
  conf,
  matchers: service === null ? [] : [{ key: "kuma.io/service", not: false, value: service }],
  origin: encodeOrigins(said)
})

const encodeFromRule = ({ conf, matchers, said }: FromRule) => ({ conf, matchers, origin: encodeOrigins(said) })

const MESH_LABELS: Tags = {}

const targetMeta = (mesh: string, { target }: ResourceRule) => {
  switch (target._tag) {
    case "Mesh":
      return { labels: MESH_LABELS, mesh: "", name: mesh, type: "Mesh" }
    case "Destination": {
      const { kind, labels, name } = target.destination
      return { labels, mesh, name, type: kind }
    }
    case "Route":
      return encodeMeta(target.route)
  }
}

const encodeResourceRule = (mesh: string) => (rule: ResourceRule) => ({
  conf: [rule.conf],
  origin: encodePlaces(rule.said),
  resourceMeta: targetMeta(mesh, rule),
  resourceSectionName: rule.section
})

type Named = { readonly resourceMeta: { readonly name: string } }

const byName = (a: Named, b: Named): number =>
  a.resourceMeta.name === b.resourceMeta.name ? 0 : a.resourceMeta.name < b.resourceMeta.name ? -1 : 1

export const encodeInboundRule = (said: Said) => ({
  conf: [said.conf],
  ...(said.matches.length === 0 ? {} : { match: said.matches[0] }),
  origin: encodePlaces([said])
})

const encodeInbound = ({ name, port, tags = {} }: Inbound) => ({ ...(name === undefined ? {} : { name }), port, tags })

interface ProxyRule {
  readonly conf: Conf
  /** In the order in which they were merged. */
  readonly of: ReadonlyArray<Policy>
}

/** What policies say of the whole proxy. */
export const proxyRule = (policies: ReadonlyArray<Policy>): ProxyRule | null => {
  const saying = policies.filter((policy) => saidOfAll(policy) !== null)
  return saying.length === 0 ? null : { conf: mergeConfs(saying.map((policy) => saidOfAll(policy) ?? {})), of: saying }
}

export const isExclusive = ({ resource }: MeshView): boolean => resource?.spec.meshServices?.mode === "Exclusive"

export const isHttpRoute = (policy: Policy): policy is Resource<"MeshHTTPRoute"> => isType("MeshHTTPRoute", policy)

const encodeType = (view: MeshView, dataplane: Resource<"Dataplane">, { policies, type }: MatchedType) => {
  const routes = matchedRoutes(view, dataplane)
  const of = saidOfCalls(policies, routes)
  const inbounds = (dataplane.spec.networking?.inbound ?? [])
    .filter(({ state }) => state !== "Ignored")
    .map((inbound) => ({ inbound, policies: ofInbound(view, policies, dataplane, inbound) }))
  const ofInbounds = <A>(rules: (selected: ReadonlyArray<Policy>) => ReadonlyArray<A>, encode: (one: A) => unknown) =>
    inbounds.flatMap((one) => {
      const said = rules(one.policies)
      return said.length === 0 ? [] : [{ inbound: encodeInbound(one.inbound), rules: said.map(encode) }]
    })
  const whole = proxyRule(policies)
  return {
    fromRules: ofInbounds(fromRules, encodeFromRule),
    inboundRules: ofInbounds(inboundRules, encodeInboundRule),
    ...(whole === null ? {} : { proxyRule: { conf: whole.conf, origin: whole.of.map(encodeMeta) } }),
    toResourceRules: resourceRules(view, policies, of, routes).map(encodeResourceRule(view.mesh)).sort(byName),
    // Where MeshServices are all that counts nothing is called by its tag.
    toRules: isExclusive(view) ? [] : serviceRules(policies, of).map(encodeServiceRule),
    type,
    warnings: []
  }
}

/** The MeshHTTPRoutes that are about a proxy. */
export const matchedRoutes = (
  view: MeshView,
  dataplane: Resource<"Dataplane">
): ReadonlyArray<Resource<"MeshHTTPRoute">> =>
  matchedPolicies(view.policies, dataplane).flatMap(({ policies }) => policies.filter(isHttpRoute))

const httpMatches = (routes: ReadonlyArray<Resource<"MeshHTTPRoute">>) => {
  const all = routes.flatMap(({ spec }) => spec.to ?? []).flatMap(({ rules }) => rules.map(({ matches }) => matches))
  const byHash = new Map(all.map((match) => [hashOfMatches(match), match]))
  return [...byHash].sort(([a], [b]) => (a < b ? -1 : 1)).map(([hash, match]) => ({ hash, match }))
}

const answerRules = (question: Question) =>
  Effect.gen(function*() {
    const view = yield* requireView(question)
    const dataplane = yield* requireDataplane(view, question, "Could not retrieve Dataplane")
    const matched = inOrder(matchedPolicies(view.policies, dataplane))
    return json({
      httpMatches: httpMatches(matchedRoutes(view, dataplane)),
      resource: encodeMeta(dataplane),
      rules: matched.map((one) => encodeType(view, dataplane, one))
    })
  })

export const ruleEntries: ReadonlyArray<InspectEntry> = [
  {
    path: "/meshes/{mesh}/dataplanes/{name}/_rules",
    summary: "What the policies that are about a proxy say together",
    answer: answerRules
  }
]
