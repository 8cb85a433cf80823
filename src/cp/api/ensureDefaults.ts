/**
 * What must be there before anybody can join: the `default` mesh with its policies, the keys that sign
 * tokens, the meshes' own authorities, and the first administrator's token.
 */
import { Effect } from "effect"
import type { DesiredResource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import { whileMesh } from "../../model/whileMesh.ts"
import { ensureSigningKey } from "../auth/token/ensureSigningKey.ts"
import { dataplaneTokens, USER_TOKENS, ZONE_TOKENS } from "../auth/token/TokenScope.ts"
import { ensureAdminToken } from "../auth/user/ensureAdminToken.ts"
import { ensureBuiltinSecrets } from "../ca/ensureBuiltinSecrets.ts"
import { ensureZone } from "./ensureZone.ts"
import { madeWithMesh } from "./madeWithMesh.ts"

const DEFAULT_MESH = "default"

const ensureDefaultMesh = Effect.fnUntraced(function*(zone: string) {
  const store = yield* Store
  const mesh: DesiredResource<"Mesh"> = { type: "Mesh", mesh: "", name: DEFAULT_MESH, labels: {}, spec: {} }
  const make = Effect.gen(function*() {
    const beside = yield* madeWithMesh(mesh, { isNew: true, zone })
    yield* store.put(mesh, { expect: "absent", beside })
  })
  yield* store.get(mesh).pipe(
    Effect.asVoid,
    Effect.catchTag("NotFound", () => make),
    // Another replica came first.
    Effect.catchTag("Conflict", () => Effect.void)
  )
})

/** One that can't be made keeps nobody from serving: whoever asks for a certificate is told why. */
const ensureAuthorities = ({ name, spec }: DesiredResource<"Mesh">) =>
  Effect.forEach((spec.mtls?.backends ?? []).filter(({ type }) => type === "builtin"), (backend) =>
    ensureBuiltinSecrets(name, backend).pipe(
      Effect.asVoid,
      Effect.catchTag("CaUnavailable", ({ message }) =>
        Effect.logWarning("a mesh's certificate authority can't be made").pipe(
          Effect.annotateLogs({ mesh: name, backend: backend.name, reason: message })
        ))
    ), { discard: true })

/** Run it before serving, so that a first request finds everything; several replicas may run it at once. */
export const ensureDefaults = Effect.fn("ensureDefaults")(function*(
  { bootstrapAdminToken }: { readonly bootstrapAdminToken: boolean },
  zone: string
) {
  yield* ensureDefaultMesh(zone)
  yield* ensureZone(zone)
  const meshes = yield* Store.use((store) => store.list("Mesh"))
  const scopes = [ZONE_TOKENS, USER_TOKENS, ...meshes.map(({ name }) => dataplaneTokens(name))]
  // Another replica may be removing a mesh: one of its name would later begin with the keys of this one's tokens.
  yield* Effect.forEach(scopes, (scope) => ensureSigningKey(scope, whileMesh(scope.mesh)), { discard: true })
  yield* Effect.forEach(meshes, ensureAuthorities, { discard: true })
  if (bootstrapAdminToken) yield* ensureAdminToken()
})
