/** Removes one resource, where nothing needs it any more. */
import { Effect } from "effect"
import type { CertificateAuthorityBackend, Mesh } from "../../model/Mesh.ts"
import type { Resource } from "../../model/Resource.ts"
import { descriptors, resourceTypes } from "../../model/ResourceDescriptor.ts"
import { Store } from "../../model/Store.ts"
import { dataplaneTokens, keySerial } from "../auth/token/TokenScope.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { requireMesh } from "./getResources.ts"
import { noteStored, userOf } from "./noteStored.ts"
import { invalid, notFound, readOnly } from "./Refusal.ts"
import type { Route } from "./Route.ts"

const TITLE = "Could not delete a resource"

const sourceName = (source: unknown): ReadonlyArray<string> =>
  typeof source === "object" && source !== null && "secret" in source && typeof source.secret === "string"
    ? [source.secret]
    : []

/** Names of the secrets that a backend lives on. */
const backendSecrets = (mesh: string, backend: CertificateAuthorityBackend): ReadonlyArray<string> =>
  backend.type === "builtin"
    ? [`${mesh}.ca-builtin-cert-${backend.name}`, `${mesh}.ca-builtin-key-${backend.name}`]
    : [...sourceName(backend.conf?.["cert"]), ...sourceName(backend.conf?.["key"])]

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

const removeOwned = Effect.fnUntraced(function*(mesh: string, by: string) {
  const store = yield* Store
  const owned: ReadonlyArray<ReadonlyArray<Resource>> = yield* Effect.forEach(OWNED, (type) => store.list(type, mesh))
  const secrets: ReadonlyArray<Resource> = yield* store.list("Secret", mesh)
  yield* Effect.forEach(
    [...owned.flat(), ...secrets.filter((secret) => isGeneratedSecret(mesh, secret))],
    ({ name, type, version }) =>
      store.remove({ type, mesh, name }).pipe(
        Effect.andThen(noteStored({ type, mesh, name }, { op: "remove", version, by })),
        Effect.catchTag("NotFound", () => Effect.void)
      ),
    { discard: true }
  )
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
  const { version } = yield* store.get(key).pipe(Effect.catchTag("NotFound", refuse))
  if (descriptor.type === "Mesh") yield* refuseUsedMesh(name)
  if (descriptor.type === "Secret" && owner !== null) yield* refuseUsedSecret(name, mesh, owner.spec)
  yield* store.remove(key, { expect: version }).pipe(Effect.catchTag("NotFound", refuse))
  const by = userOf(request)
  yield* noteStored(key, { op: "remove", version, by })
  // The Mesh goes first: what is left over after a failure belongs to no mesh, rather than a mesh lacking its keys.
  if (descriptor.type === "Mesh") yield* removeOwned(name, by)
  return { status: 200, body: {} } satisfies ApiResponse
})
