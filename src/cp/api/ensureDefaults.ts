/**
 * What must be there before anybody can join: the `default` mesh with its policies, the keys that sign
 * tokens, and the first administrator's token.
 */
import { Effect } from "effect"
import type { DesiredResource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import { ensureSigningKey } from "../auth/token/ensureSigningKey.ts"
import { dataplaneTokens, USER_TOKENS, ZONE_TOKENS } from "../auth/token/TokenScope.ts"
import { ensureAdminToken } from "../auth/user/ensureAdminToken.ts"
import { createInitialPolicies } from "./createInitialPolicies.ts"
import { ensureZone } from "./ensureZone.ts"

const DEFAULT_MESH = "default"

/** Run it before serving, so that a first request finds everything; several replicas may run it at once. */
export const ensureDefaults = Effect.fn("ensureDefaults")(function*(
  { bootstrapAdminToken }: { readonly bootstrapAdminToken: boolean },
  zone: string
) {
  const store = yield* Store
  const mesh: DesiredResource<"Mesh"> = { type: "Mesh", mesh: "", name: DEFAULT_MESH, labels: {}, spec: {} }
  yield* store.get(mesh).pipe(
    Effect.asVoid,
    Effect.catchTag("NotFound", () =>
      store.put(mesh, { expect: "absent" }).pipe(
        Effect.andThen(createInitialPolicies(mesh, zone)),
        // Another replica came first.
        Effect.catchTag("Conflict", () => Effect.void)
      ))
  )
  yield* ensureZone(zone)
  const meshes = yield* store.list("Mesh")
  const scopes = [ZONE_TOKENS, USER_TOKENS, ...meshes.map(({ name }) => dataplaneTokens(name))]
  yield* Effect.forEach(scopes, ensureSigningKey, { discard: true })
  if (bootstrapAdminToken) yield* ensureAdminToken()
})
