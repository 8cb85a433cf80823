/** Removes one resource, where nothing needs it any more. */
import { Effect } from "effect"
import { backendSecrets } from "../../model/authoritySecrets.ts"
import type { Mesh } from "../../model/Mesh.ts"
import type { Resource } from "../../model/Resource.ts"
import { descriptors, resourceTypes } from "../../model/ResourceDescriptor.ts"
import { Store } from "../../model/Store.ts"
import { dataplaneTokens, keySerial } from "../auth/token/TokenScope.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { requireMesh } from "./getResources.ts"
import { noteStored, userOf } from "./noteStored.ts"
import { judgePreconditions } from "./preconditions.ts"
import { invalid, notFound, readOnly } from "./Refusal.ts"
import type { Route } from "./Route.ts"

const TITLE = "Could not delete a resource"

const refuseUsedSecret = (secret: string, meshName: string, mesh: Mesh) => {
  const users = (mesh.mtls?.backends ?? []).filter((backend) => backendSecrets(meshName, backend).includes(secret))
  return users.length === 0
    ? Effect.void
    : Effect.fail(invalid(TITLE, users.map(({ name }) => ({
        field: "name",
        message: `The secret "${secret}" that you are trying to remove is currently in use in Mesh "${meshName}" in ` +
          `mTLS backend "${name}". Please remove the reference from the "${name}" backend before removing the secret.`
      }))))
}

/** A mesh takes along all that is in it, and its keys. The user's secrets survive it; proxies keep it alive. */
const OWNED = resourceTypes.filter((type) =>
  descriptors[type].scope === "Mesh" && type !== "Secret" && type !== "Dataplane")

const isGeneratedSecret = (mesh: string, { name }: Resource): boolean =>
  keySerial(dataplaneTokens(mesh), name) !== undefined || name.startsWith(`${mesh}.ca-builtin-`)

const ownedBy = Effect.fnUntraced(function*(mesh: string) {
  const store = yield* Store
  const owned: ReadonlyArray<ReadonlyArray<Resource>> = yield* Effect.forEach(OWNED, (type) => store.list(type, mesh))
  const secrets: ReadonlyArray<Resource> = yield* store.list("Secret", mesh)
  return [...owned.flat(), ...secrets.filter((secret) => isGeneratedSecret(mesh, secret))]
})

const refuseUsedMesh = Effect.fnUntraced(function*(mesh: string) {
  const store = yield* Store
  if ((yield* store.list("Dataplane", mesh)).length === 0) return
  return yield* invalid(TITLE, [
    { field: "mesh", message: "unable to delete mesh, there are still some dataplanes attached" }
  ])
})

export const deleteResource = Effect.fnUntraced(function*(
  request: ApiRequest,
  route: Extract<Route, { _tag: "Single" }>
) {
  const { descriptor, mesh, name } = route
  if (descriptor.readOnly) {
    return yield* readOnly(`${descriptor.type} is written by the control plane alone: it can only be read here`)
  }
  const store = yield* Store
  const owner = descriptor.scope === "Mesh" ? yield* requireMesh(mesh) : null
  const refuse = () => Effect.fail(notFound(TITLE))
  const key = { type: descriptor.type, mesh, name }
  const found = yield* store.get(key).pipe(Effect.catchTag("NotFound", refuse))
  const refusal = judgePreconditions(request.preconditions, found)
  if (refusal !== null) return yield* refusal
  const { version } = found
  if (descriptor.type === "Mesh") yield* refuseUsedMesh(name)
  if (descriptor.type === "Secret" && owner !== null) yield* refuseUsedSecret(name, mesh, owner.spec)
  // All in one commit: a mesh that is made anew at once begins after it, and loses nothing to it.
  const beside = descriptor.type === "Mesh" ? yield* ownedBy(name) : []
  yield* store.remove(key, { expect: version, beside }).pipe(Effect.catchTag("NotFound", refuse))
  const by = userOf(request)
  yield* Effect.forEach([{ ...key, version }, ...beside], (gone) =>
    noteStored(gone, { op: "remove", version: gone.version, by }), { discard: true })
  return { status: 200, body: {} } satisfies ApiResponse
})
