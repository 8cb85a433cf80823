/**
 * What the `to` of some policies says, callee by callee and route by route. Receives the policies that a
 * proxy is selected by, least specific first, and the MeshHTTPRoutes among them; answers the confs in the order in
 * which they are to be merged: Kuma's.
 */
import type { Policy } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import type { TargetRef } from "../../../model/TargetRef.ts"
import { type Callee, refersTo } from "./Callee.ts"
import { byAttributes, byDisplayName, refersToPolicy } from "./selection.ts"
import { hashOfMatches } from "./matchesHash.ts"

/** One route of a callee. */
export interface RouteId {
  /** Of its matches. */
  readonly hash: string
  /** The MeshHTTPRoute that had the last word on it; empty for the route that is there without any. */
  readonly origin: string
}

interface Entry<C> {
  readonly policy: Policy
  readonly to: TargetRef
  readonly conf: C
  /** Null for all of the callee. */
  readonly isOfRoute: ((route: RouteId) => boolean) | null
}

export interface ToItem<C> {
  readonly targetRef: TargetRef
  readonly default?: C
}

type Routes = ReadonlyArray<Resource<"MeshHTTPRoute">>

/** A policy that is about a route says what it says of that route's callees and matches. */
const ofRoutes = <C>(policy: Policy, ref: TargetRef, routes: Routes, conf: C): ReadonlyArray<Entry<C>> =>
  routes.filter((route) => refersToPolicy(ref, route)).flatMap((route) =>
    (route.spec.to ?? []).map(({ rules, targetRef }) => {
      const hashes = new Set(rules.map(({ matches }) => hashOfMatches(matches)))
      return { policy, to: targetRef, conf, isOfRoute: ({ hash }: RouteId) => hashes.has(hash) }
    })
  )

const entriesOf = <C>(policy: Policy, { default: conf, targetRef }: ToItem<C>, routes: Routes) => {
  if (conf === undefined) return []
  const top = policy.spec.targetRef
  if (top?.kind === "MeshHTTPRoute") return ofRoutes(policy, top, routes, conf)
  if (targetRef.kind !== "MeshHTTPRoute") return [{ policy, to: targetRef, conf, isOfRoute: null }]
  const names = new Set(routes.filter((route) => refersToPolicy(targetRef, route)).map(({ name }) => name))
  return [{ policy, to: { kind: "Mesh" }, conf, isOfRoute: ({ origin }: RouteId) => names.has(origin) }]
}

const KINDS = ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService"]

/** Of a resource a more specific `to` has the last word; of a service by its tag the later one in the list. */
const byTo = <C>(a: Entry<C>, b: Entry<C>): number =>
  byAttributes(a.policy, b.policy) ||
  KINDS.indexOf(a.to.kind ?? "Mesh") - KINDS.indexOf(b.to.kind ?? "Mesh") ||
  Number(Boolean(a.to.sectionName)) - Number(Boolean(b.to.sectionName)) ||
  byDisplayName(a.policy, b.policy)

export class ToRules<C> {
  readonly #inOrder: ReadonlyArray<Entry<C>>
  readonly #bySpecificity: ReadonlyArray<Entry<C>>

  /** Least specific first. */
  constructor(
    policies: ReadonlyArray<{ readonly policy: Policy; readonly to: ReadonlyArray<ToItem<C>> }>,
    routes: Routes
  ) {
    const all = policies.flatMap(({ policy, to }) =>
      to.flatMap((item): ReadonlyArray<Entry<C>> => entriesOf(policy, item, routes)))
    // What is said of a route goes over what is said of all.
    this.#inOrder = [...all.filter((one) => one.isOfRoute === null), ...all.filter((one) => one.isOfRoute !== null)]
    this.#bySpecificity = [
      ...all.filter((one) => one.isOfRoute === null).sort(byTo),
      ...all.filter((one) => one.isOfRoute !== null)
    ]
  }

  /** `route`: null for the callee itself. */
  of(callee: Callee, route: RouteId | null): ReadonlyArray<C> {
    const entries = callee.resource === null ? this.#inOrder : this.#bySpecificity
    const relevant = entries.filter(({ isOfRoute, to }) =>
      refersTo(to, callee) && (isOfRoute === null || (route !== null && isOfRoute(route))))
    // What is said of a resource's route stands on what is said of the mesh, not on what is said of the resource.
    const isRoutes = callee.resource !== null && relevant.some(({ isOfRoute }) => isOfRoute !== null)
    return relevant
      .filter(({ isOfRoute, to }) => !isRoutes || isOfRoute !== null || to.kind === "Mesh")
      .map(({ conf }) => conf)
  }
}
