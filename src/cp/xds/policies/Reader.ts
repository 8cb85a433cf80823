/**
 * What the policies of one type say together: of a proxy's calls (`to`), or of one of its inbounds (`from`, `rules`).
 * Whoever the same policies are about gets the same object.
 */
import type { Inbound } from "../../../model/Dataplane.ts"
import type { Policies, PolicyType } from "../../../model/policies.ts"
import type { Resource, SpecByType } from "../../../model/Resource.ts"
import { onceFor } from "../share/onceFor.ts"
import { Recent } from "../share/Recent.ts"
import { type Callee, calleeKey } from "./Callee.ts"
import { merged } from "./mergePatch.ts"
import type { Routes } from "./selection.ts"
import { selectionsOf } from "./Selections.ts"
import { type RouteId, type ToItem, ToRules } from "./ToRules.ts"

/** So many callees' confs are remembered. */
const MAX_CALLEES = 5000

/** The parts of a spec that hold confs. */
export interface Parts<C> {
  readonly to?: ReadonlyArray<ToItem<C>>
  readonly from?: ReadonlyArray<ToItem<C>>
  readonly rules?: ReadonlyArray<{ readonly default?: C; readonly matches?: ReadonlyArray<unknown> }>
}

/** What some policies say of calls. */
export class CallConfs<C extends object> {
  readonly #rules: ToRules<C>
  readonly #known = new Recent<string, { readonly conf: C | null }>(MAX_CALLEES)

  constructor(rules: ToRules<C>) {
    this.#rules = rules
  }

  /** Null where nothing is said. */
  of(callee: Callee, route: RouteId | null = null): C | null {
    const make = () => ({ conf: merged(this.#rules.of(callee, route)) })
    return route === null ? this.#known.get(calleeKey(callee), make).conf : make().conf
  }
}

export interface Reader<C extends object> {
  /** `routes`: the MeshHTTPRoutes that the proxy is selected by. */
  readonly calls: (policies: Policies, dataplane: Resource<"Dataplane">, routes: Routes) => CallConfs<C>
  /** Of all callers; null where nothing is said. */
  readonly inbound: (policies: Policies, dataplane: Resource<"Dataplane">, inbound: Inbound) => C | null
}

const NO_ROUTES: Routes = []

export const readerOf = <T extends PolicyType, C extends object>(
  type: T,
  parts: (spec: SpecByType[T]) => Parts<C>
): Reader<C> => {
  const selections = selectionsOf(type)
  const areAboutRoutes = onceFor((selected: ReadonlyArray<Resource<T>>): boolean =>
    selected.some(({ spec }) =>
      spec.targetRef?.kind === "MeshHTTPRoute" ||
      (parts(spec).to ?? []).some(({ targetRef }) => targetRef.kind === "MeshHTTPRoute")))
  const made = onceFor((selected: ReadonlyArray<Resource<T>>) =>
    onceFor((routes: Routes) =>
      new CallConfs(new ToRules(selected.map((policy) => ({ policy, to: parts(policy.spec).to ?? [] })), routes))))
  const ofCallers = onceFor((selected: ReadonlyArray<Resource<T>>) => ({
    conf: merged(selected.flatMap(({ spec }) => {
      const { from = [], rules = [] } = parts(spec)
      // A policy with `rules` is read by those, any other by `from`.
      return (rules.length > 0 ? rules.filter(({ matches = [] }) => matches.length === 0) : from)
        .flatMap(({ default: conf }) => conf ?? [])
    }))
  }))
  return {
    calls: (policies, dataplane, routes) => {
      const selected = selections(policies).dataplane(dataplane)
      return made(selected)(areAboutRoutes(selected) ? routes : NO_ROUTES)
    },
    inbound: (policies, dataplane, inbound) => ofCallers(selections(policies).inbound(dataplane, inbound)).conf
  }
}
