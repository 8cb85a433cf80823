/**
 * Where which requests to a callee go. Receives the MeshHTTPRoutes that a proxy is selected by; produces, for one
 * callee, its routes in the order in which Envoy tries them, the one for all the rest at the end.
 */
import type { BackendRef } from "../../../model/BackendRef.ts"
import type { RouteConf, RouteFilter, RouteMatch, RouteRule } from "../../../model/MeshHTTPRoute.ts"
import type { Resource } from "../../../model/Resource.ts"
import { type Callee, refersTo } from "./Callee.ts"
import { hashOfMatches, matchesJson } from "./matchesHash.ts"
import { mergePatch } from "./mergePatch.ts"
import type { RouteId } from "./ToRules.ts"

export interface HttpRoute {
  readonly id: RouteId
  readonly match: RouteMatch
  readonly filters: ReadonlyArray<RouteFilter>
  /** Empty: the callee itself. */
  readonly backendRefs: ReadonlyArray<BackendRef>
}

const EVERYTHING: RouteMatch = { path: { value: "/", type: "PathPrefix" } }
const EVERYTHING_HASH = hashOfMatches([EVERYTHING])

/** The route that every callee has. */
export const catchAll: HttpRoute = {
  id: { hash: EVERYTHING_HASH, origin: "" },
  match: EVERYTHING,
  filters: [],
  backendRefs: []
}

interface MergedRule {
  readonly matches: ReadonlyArray<RouteMatch>
  readonly conf: RouteConf
  readonly origin: string
}

type Routes = ReadonlyArray<Resource<"MeshHTTPRoute">>

/**
 * Rules with the same matches are one, in the place of the last; of two rules in one list the first one goes before.
 * So each list is read from its end, and all of it is turned round when everything is together.
 */
const mergedRules = (routes: Routes, callee: Callee): ReadonlyArray<MergedRule> => {
  const rules = new Map<string, MergedRule>()
  const add = (rule: RouteRule, origin: string): void => {
    const key = matchesJson(rule.matches)
    const before = rules.get(key)
    rules.delete(key)
    const conf = before === undefined ? rule.default : mergePatch(before.conf, rule.default)
    rules.set(key, { matches: rule.matches, conf, origin })
  }
  for (const { name, spec } of routes) {
    for (const to of spec.to ?? []) {
      if (refersTo(to.targetRef, callee)) for (const rule of to.rules.toReversed()) add(rule, name)
    }
  }
  return [...rules.values()].reverse()
}

const PATHS = ["Exact", "PathPrefix", "RegularExpression"]

const byPath = (a: RouteMatch["path"], b: RouteMatch["path"]): number => {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return PATHS.indexOf(a.type) - PATHS.indexOf(b.type) ||
    (a.type === "Exact" ? 0 : b.value.length - a.value.length)
}

/** https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule */
const byPrecedence = (a: RouteMatch, b: RouteMatch): number =>
  byPath(a.path, b.path) ||
  Number(a.method === undefined) - Number(b.method === undefined) ||
  (b.headers ?? []).length - (a.headers ?? []).length ||
  (b.queryParams ?? []).length - (a.queryParams ?? []).length

const isCatchAll = (match: RouteMatch): boolean => matchesJson([match]) === matchesJson([EVERYTHING])

/** Null where no MeshHTTPRoute is about the callee. */
export const httpRoutes = (routes: Routes, callee: Callee): ReadonlyArray<HttpRoute> | null => {
  if (!routes.some(({ spec }) => (spec.to ?? []).some((to) => refersTo(to.targetRef, callee)))) return null
  const sorted = mergedRules(routes, callee)
    .flatMap(({ conf, matches, origin }) =>
      matches.map((match): HttpRoute => ({
        id: { hash: hashOfMatches(matches), origin },
        match,
        filters: conf.filters ?? [],
        backendRefs: conf.backendRefs ?? []
      })))
    .sort((a, b) => byPrecedence(a.match, b.match))
  return sorted.some(({ match }) => isCatchAll(match)) ? sorted : [...sorted, catchAll]
}
