/** Removes one resource, where nothing needs it any more. */
import { Effect } from "effect"
import { backendSecrets } from "../../model/authoritySecrets.ts"
import type { Mesh } from "../../model/Mesh.ts"
import { BROUGHT_LABEL } from "../../model/dataplaneLabels.ts"
import type { Resource, ResourceKey } from "../../model/Resource.ts"
import { Store, type StoredKey } from "../../model/Store.ts"
import { dataplaneTokens, keySerial } from "../auth/token/TokenScope.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { comesBack } from "./comesBack.ts"
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
const isOwned = (mesh: string, { name, type }: ResourceKey): boolean =>
  type === "Secret"
    ? keySerial(dataplaneTokens(mesh), name) !== undefined || name.startsWith(`${mesh}.ca-builtin-`)
    : type !== "Dataplane"

const usedMesh = invalid(TITLE, [
  { field: "mesh", message: "unable to delete mesh, there are still some dataplanes attached" }
])

/** Of all that is in the mesh once nobody can put anything into it any more. Answers what went with it. */
const removeMesh = Effect.fnUntraced(function*(key: ResourceKey, version: number) {
  const store = yield* Store
  const last: { gone: ReadonlyArray<StoredKey>; isUsed: boolean } = { gone: [], isUsed: false }
  const choose = (there: ReadonlyArray<StoredKey>): ReadonlyArray<ResourceKey> | null => {
    last.isUsed = there.some(({ type }) => type === "Dataplane")
    last.gone = there.filter((one) => isOwned(key.name, one))
    return last.isUsed ? null : last.gone
  }
  // All in one commit: a mesh that is made anew at once begins after it, and loses nothing to it.
  yield* store.remove(key, { expect: version, within: { mesh: key.name, choose } }).pipe(
    Effect.catchTag("Conflict", (lost) => Effect.fail(last.isUsed ? usedMesh : lost))
  )
  return last.gone
})

const INSIGHTS = {
  Dataplane: "DataplaneInsight",
  ZoneIngress: "ZoneIngressInsight",
  ZoneEgress: "ZoneEgressInsight"
} as const

/** What is known of the proxy that brought it. */
const insightOf = Effect.fnUntraced(function*({ labels, mesh, name, type }: Resource) {
  if (labels[BROUGHT_LABEL] === undefined) return undefined
  if (type !== "Dataplane" && type !== "ZoneIngress" && type !== "ZoneEgress") return undefined
  const store = yield* Store
  const key: ResourceKey<(typeof INSIGHTS)[typeof type]> = { type: INSIGHTS[type], mesh, name }
  const insight = yield* store.get(key).pipe(Effect.catchTag("NotFound", () => Effect.succeed(undefined)))
  return insight?.spec
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
  const warning = comesBack(found, yield* insightOf(found))
  if (descriptor.type === "Secret" && owner !== null) yield* refuseUsedSecret(name, mesh, owner.spec)
  const removal = descriptor.type === "Mesh"
    ? removeMesh(key, version)
    : Effect.as(store.remove(key, { expect: version }), [])
  const beside: ReadonlyArray<StoredKey> = yield* removal.pipe(Effect.catchTag("NotFound", refuse))
  const by = userOf(request)
  yield* Effect.forEach([{ ...key, version }, ...beside], (gone) =>
    noteStored(gone, { op: "remove", version: gone.version, by }), { discard: true })
  return { status: 200, body: warning === null ? {} : { warnings: [warning] } } satisfies ApiResponse
})
