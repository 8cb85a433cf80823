/**
 * What a list of policies has for each proxy and each of its inbounds, least specific first. Whoever the same policies
 * of a list select gets the same array, so that what is made of it can be made once and hang on it.
 */
import type { Inbound } from "../../../model/Dataplane.ts"
import { type Policies, policiesOf, type Policy, type PolicyType } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { onceFor } from "../share/onceFor.ts"
import { Recent } from "../share/Recent.ts"
import { bySpecificity, isShadow, type Routes, selectsDataplane, selectsInbound } from "./selection.ts"

/** So many different selections of one list are remembered. */
const CAPACITY = 1000

export class Selections<P extends Policy> {
  readonly #ordered: ReadonlyArray<P>
  readonly #routes: Routes
  readonly #selected = new Recent<string, ReadonlyArray<P>>(CAPACITY)

  constructor(policies: ReadonlyArray<P>, routes: Routes) {
    this.#ordered = policies.filter((policy) => !isShadow(policy)).sort(bySpecificity)
    this.#routes = routes
  }

  inbound(dataplane: Resource<"Dataplane">, inbound: Inbound): ReadonlyArray<P> {
    return this.#those((policy) => selectsInbound(policy, dataplane, inbound, this.#routes))
  }

  dataplane(dataplane: Resource<"Dataplane">): ReadonlyArray<P> {
    return this.#those((policy) => selectsDataplane(policy, dataplane, this.#routes))
  }

  #those(selects: (policy: P) => boolean): ReadonlyArray<P> {
    const places: Array<number> = []
    this.#ordered.forEach((policy, place) => {
      if (selects(policy)) places.push(place)
    })
    return this.#selected.get(places.join(), () => this.#ordered.filter((_, place) => places.includes(place)))
  }
}

const NO_ROUTES: Routes = []

/** A list of policies that are about no route has the same selections whatever routes there are. */
const areAboutRoutes = onceFor((policies: ReadonlyArray<Policy>): boolean =>
  policies.some(({ spec }) => spec.targetRef?.kind === "MeshHTTPRoute"))

/** The selections of one type, made anew when a list that goes into them is another. */
export const selectionsOf = <T extends PolicyType>(type: T): (policies: Policies) => Selections<Resource<T>> => {
  const made = onceFor((list: ReadonlyArray<Resource<T>>) =>
    onceFor((routes: Routes) => new Selections<Resource<T>>(list, routes)))
  return (policies) => {
    const list = policiesOf(policies, type)
    return made(list)(areAboutRoutes(list) ? policiesOf(policies, "MeshHTTPRoute") : NO_ROUTES)
  }
}
