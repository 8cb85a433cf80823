/** Gives a new mesh the policies that it begins with. One that is there already stays as it is. */
import { Effect } from "effect"
import { completeResource } from "../../model/completeResource.ts"
import { initialPolicies } from "../../model/initialPolicies.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"

/** `zone`: this control plane's. Several replicas may do so at once. */
export const createInitialPolicies = Effect.fn("createInitialPolicies")(function*(
  mesh: DesiredResource<"Mesh">,
  zone: string
) {
  const store = yield* Store
  yield* Effect.forEach(
    initialPolicies(mesh),
    (policy) =>
      store.put(completeResource(policy, zone, mesh.spec), { expect: "absent" }).pipe(
        Effect.asVoid,
        Effect.catchTag("Conflict", () => Effect.void)
      ),
    { discard: true }
  )
})
