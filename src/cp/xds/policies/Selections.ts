/**
 * What a list of policies has for each proxy and each of its inbounds, least specific first. Whoever the same policies
 * of a list select gets the same array, so that what is made of it can be made once and hang on it.
 */
import type { Inbound } from "../../../model/Dataplane.ts"
import type { Policy } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { Recent } from "../share/Recent.ts"
import { bySpecificity, isShadow, selectsDataplane, selectsInbound } from "./selection.ts"

/** So many different selections of one list are remembered. */
const CAPACITY = 1000

export class Selections<P extends Policy> {
  readonly #ordered: ReadonlyArray<P>
  readonly #selected = new Recent<string, ReadonlyArray<P>>(CAPACITY)

  constructor(policies: ReadonlyArray<P>) {
    this.#ordered = policies.filter((policy) => !isShadow(policy)).sort(bySpecificity)
  }

  inbound(dataplane: Resource<"Dataplane">, inbound: Inbound): ReadonlyArray<P> {
    return this.#those((policy) => selectsInbound(policy, dataplane, inbound))
  }

  dataplane(dataplane: Resource<"Dataplane">): ReadonlyArray<P> {
    return this.#those((policy) => selectsDataplane(policy, dataplane))
  }

  #those(selects: (policy: P) => boolean): ReadonlyArray<P> {
    const places: Array<number> = []
    this.#ordered.forEach((policy, place) => {
      if (selects(policy)) places.push(place)
    })
    return this.#selected.get(places.join(), () => this.#ordered.filter((_, place) => places.includes(place)))
  }
}
