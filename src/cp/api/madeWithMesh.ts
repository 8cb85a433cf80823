/**
 * What a mesh has from the start: the key that signs its proxies' tokens, the CA that it makes for itself, and, where
 * it is new, the policies that it begins with. To be put beside the Mesh, in the same commit: a mesh without them would
 * look as if its owner had taken them away. Writes nothing.
 */
import { Effect } from "effect"
import { completeResource } from "../../model/completeResource.ts"
import { initialPolicies } from "../../model/initialPolicies.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import type { Store, StoreUnavailable } from "../../model/Store.ts"
import { missingSigningKey } from "../auth/token/ensureSigningKey.ts"
import { dataplaneTokens } from "../auth/token/TokenScope.ts"
import { missingBuiltinSecrets } from "../ca/missingBuiltinSecrets.ts"
import { invalid, type Refusal } from "./Refusal.ts"

/** A backend that validation was told to leave alone may make no sense. */
const missingAuthorities = ({ name, spec }: DesiredResource<"Mesh">) =>
  Effect.forEach([...(spec.mtls?.backends ?? []).entries()], ([index, backend]) =>
    backend.type !== "builtin" ? Effect.succeed([]) : missingBuiltinSecrets(name, backend).pipe(
      Effect.catchTag("CaUnavailable", ({ message }) =>
        Effect.fail(invalid("Could not process a resource", [{ field: `mtls.backends[${index}]`, message }])))
    ))

/** `zone`: this control plane's. */
export const madeWithMesh = Effect.fnUntraced(function*(
  mesh: DesiredResource<"Mesh">,
  { isNew, zone }: { readonly isNew: boolean; readonly zone: string }
): Effect.fn.Return<ReadonlyArray<DesiredResource>, Refusal | StoreUnavailable, Store> {
  const [key, authorities] = yield* Effect.all(
    [missingSigningKey(dataplaneTokens(mesh.name)), missingAuthorities(mesh)],
    { concurrency: 2 }
  )
  const policies = isNew ? initialPolicies(mesh).map((policy) => completeResource(policy, zone, mesh.spec)) : []
  return [...key, ...authorities.flat(), ...policies]
})
