/**
 * What must be there before anybody can join: the `default` mesh, the keys that sign
 * tokens, and the first administrator's token.
 */
import { Effect } from "effect"
import { Store } from "../../model/Store.ts"
import { ensureSigningKey } from "../auth/token/ensureSigningKey.ts"
import { dataplaneTokens, USER_TOKENS, ZONE_TOKENS } from "../auth/token/TokenScope.ts"
import { ensureAdminToken } from "../auth/user/ensureAdminToken.ts"

const DEFAULT_MESH = "default"

/** Run it before serving, so that a first request finds everything; several replicas may run it at once. */
export const ensureDefaults = Effect.fn("ensureDefaults")(function*(
  { bootstrapAdminToken }: { readonly bootstrapAdminToken: boolean }
) {
  const store = yield* Store
  yield* store.get({ type: "Mesh", mesh: "", name: DEFAULT_MESH }).pipe(
    Effect.asVoid,
    Effect.catchTag("NotFound", () =>
      store.put({ type: "Mesh", mesh: "", name: DEFAULT_MESH, labels: {}, spec: {} }, { expect: "absent" }).pipe(
        Effect.asVoid,
        // Another replica came first.
        Effect.catchTag("Conflict", () => Effect.void)
      ))
  )
  const meshes = yield* store.list("Mesh")
  const scopes = [ZONE_TOKENS, USER_TOKENS, ...meshes.map(({ name }) => dataplaneTokens(name))]
  yield* Effect.forEach(scopes, ensureSigningKey, { discard: true })
  if (bootstrapAdminToken) yield* ensureAdminToken()
})
