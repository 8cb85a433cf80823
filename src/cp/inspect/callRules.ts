/** What policies say of a proxy's calls, for each callee that one of them names. Pure. */
import { formatKri } from "../../model/formatKri.ts"
import type { Policy } from "../../model/policies.ts"
import type { Resource } from "../../model/Resource.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { type Destination, findPort } from "../snapshot/Destination.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import { named } from "../xds/backends.ts"
import type { Callee } from "../xds/policies/Callee.ts"
import { hashOfMatches } from "../xds/policies/matchesHash.ts"
import { refersToPolicy, tagsOfRef } from "../xds/policies/selection.ts"
import { type RouteId, ToRules } from "../xds/policies/ToRules.ts"
import { type Conf, type Said, saidIn } from "./policyParts.ts"
import { mergeSaid } from "./mergeSaid.ts"

type Routes = ReadonlyArray<Resource<"MeshHTTPRoute">>

/** In the order in which they are merged. */
export interface Merged {
  readonly said: ReadonlyArray<Said>
  readonly conf: Conf
}

/** What policies of one type, least specific first, say of a callee; null where nothing. */
export type SaidOf = (callee: Callee, route?: RouteId | null) => Merged | null

export const saidOfCalls = (policies: ReadonlyArray<Policy>, routes: Routes): SaidOf => {
  const rules = new ToRules<Said>(
    policies.map((policy) => ({
      policy,
      to: saidIn(policy, "to").map((said) => ({ targetRef: said.targetRef, default: said }))
    })),
    routes
  )
  return (callee, route = null) => {
    const said = rules.of(callee, route)
    return said.length === 0 ? null : { said, conf: mergeSaid(said) }
  }
}

/** Nothing but what is said of all. */
const anything: Callee = { service: "", resource: null }
const anyResource: Callee = { service: "", resource: { kind: "", name: "", labels: {}, sections: [] } }

export interface ServiceRule extends Merged {
  /** Null: all others. */
  readonly service: string | null
}

/** By value of `kuma.io/service`. Those that are named come first. */
export const serviceRules = (policies: ReadonlyArray<Policy>, of: SaidOf): ReadonlyArray<ServiceRule> => {
  const services = new Set(
    policies.flatMap((policy) => saidIn(policy, "to")).flatMap(({ targetRef }) => {
      const service = tagsOfRef(targetRef)?.[SERVICE_TAG]
      return service === undefined || targetRef.labels !== undefined ? [] : [service]
    })
  )
  return [...[...services].sort(), null].flatMap((service): ReadonlyArray<ServiceRule> => {
    const merged = of(service === null ? anything : { service, resource: null })
    return merged === null ? [] : [{ ...merged, service }]
  })
}

export const calleeOf = ({ kind, labels, name }: Destination, sections: ReadonlyArray<string> = []): Callee => ({
  service: name,
  resource: { kind, name, labels, sections }
})

export interface ResourceRule extends Merged {
  readonly target:
    | { readonly _tag: "Mesh" }
    | { readonly _tag: "Destination"; readonly destination: Destination }
    | { readonly _tag: "Route"; readonly route: Resource<"MeshHTTPRoute"> }
  /** Of the target; empty: all of it. */
  readonly section: string
}

/** By the resource that a policy names: services, routes, and last the mesh. */
export const resourceRules = (
  view: MeshView,
  policies: ReadonlyArray<Policy>,
  of: SaidOf,
  routes: Routes
): ReadonlyArray<ResourceRule> => {
  const rules = new Map<string, ResourceRule>()
  const add = (key: string, rule: Omit<ResourceRule, "said" | "conf">, merged: Merged | null): void => {
    if (merged !== null && !rules.has(key)) rules.set(key, { ...merged, ...rule })
  }
  for (const { policy, targetRef } of policies.flatMap((one) => saidIn(one, "to"))) {
    const section = targetRef.sectionName ?? ""
    for (const [key, destination] of named(view, { ...targetRef, kind: targetRef.kind ?? "Mesh" })) {
      const port = section === "" ? undefined : findPort(destination, section)
      const sections = port === undefined ? [] : [port.name, String(port.port)]
      const target = { _tag: "Destination", destination } as const
      add(`${key} ${section}`, { target, section }, of(calleeOf(destination, sections)))
    }
    for (const route of routes.filter((one) => refersToPolicy(targetRef, one))) {
      const said = saidIn(policy, "to").filter((one) => refersToPolicy(one.targetRef, route))
      const target = { _tag: "Route", route } as const
      add(`${formatKri(route)} ${section}`, { target, section }, { said, conf: mergeSaid(said) })
    }
  }
  add("Mesh", { target: { _tag: "Mesh" }, section: "" }, of(anyResource))
  return [...rules.values()]
}

/** The route that a rule of a MeshHTTPRoute makes. */
export const routeIds = (route: Resource<"MeshHTTPRoute">): ReadonlyArray<RouteId> =>
  (route.spec.to ?? []).flatMap(({ rules }) =>
    rules.map(({ matches }) => ({ hash: hashOfMatches(matches), origin: route.name })))
