/** Writes one resource, over the version that was judged and no other. */
import { Effect } from "effect"
import { completeResource } from "../../model/completeResource.ts"
import { enabledBackend, type Mesh } from "../../model/Mesh.ts"
import { type DesiredResource, isType, type Resource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import type { Violation } from "../../model/Violation.ts"
import { validateLabelChange } from "../../model/validate/validateComputedLabels.ts"
import { validateKeySources } from "../../model/validate/validateKeySources.ts"
import { violationIf } from "../../model/validate/violationPath.ts"
import { whileMesh } from "../../model/whileMesh.ts"
import { checkProvided } from "../ca/checkProvided.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { deniedSecret } from "./deniedSecret.ts"
import { requireMesh } from "./getResources.ts"
import type { Setting } from "./handle.ts"
import { madeWithMesh } from "./madeWithMesh.ts"
import { noteStored, userOf } from "./noteStored.ts"
import { etagOf, judgePreconditions } from "./preconditions.ts"
import { readResource } from "./readResource.ts"
import { accessDenied, invalid, readOnly } from "./Refusal.ts"
import type { Route } from "./Route.ts"

/** All proxies would at once be given certificates that the others don't trust. */
const validateBackendChange = (before: Mesh, after: Mesh): ReadonlyArray<Violation> => {
  const [was, is] = [enabledBackend(before)?.name, enabledBackend(after)?.name]
  return violationIf(was !== undefined && is !== undefined && was !== is, "mtls.enabledBackend",
    "Changing CA when mTLS is enabled is forbidden. Disable mTLS first and then change the CA")
}

const validateChange = (before: Resource | null, after: DesiredResource): ReadonlyArray<Violation> => {
  if (before === null) return []
  const meshChange = isType("Mesh", before) && isDesired("Mesh", after)
    ? validateBackendChange(before.spec, after.spec)
    : []
  return [...validateLabelChange(before.labels, after.labels), ...meshChange]
}

const isDesired = <T extends Resource["type"]>(type: T, resource: DesiredResource): resource is DesiredResource<T> =>
  resource.type === type

/** 201 for a new resource, 200 for a changed one. */
export const putResource = Effect.fnUntraced(function*(
  request: ApiRequest,
  route: Extract<Route, { _tag: "Single" }>,
  { access, warnGenerator, zone }: Pick<Setting, "access" | "warnGenerator"> & { readonly zone: string }
) {
  const { descriptor } = route
  if (descriptor.readOnly) {
    return yield* readOnly(`${descriptor.type} is written by the control plane alone: it can only be read here`)
  }
  const store = yield* Store
  // Side by side they are one statement.
  const [mesh, before] = yield* Effect.all([
    descriptor.scope === "Mesh" ? Effect.map(requireMesh(route.mesh), ({ spec }) => spec) : Effect.succeed({}),
    store.get({ type: descriptor.type, mesh: route.mesh, name: route.name }).pipe(
      Effect.catchTag("NotFound", () => Effect.succeed(null))
    )
  ], { concurrency: 2 })
  const { resource: given, warnings: ofResource } = yield* readResource(request, route, zone)
  const resource = completeResource(given, zone, mesh)
  const misused = validateKeySources(resource, mesh)
  if (misused.length > 0) return yield* invalid("Could not process a resource", misused)
  const denied = deniedSecret(before, resource, { access, user: request.user })
  if (denied !== null) return yield* accessDenied(denied)
  const violations = validateChange(before, resource)
  if (violations.length > 0) return yield* invalid("Could not update a resource", violations)
  const refusal = judgePreconditions(request.preconditions, before)
  if (refusal !== null) return yield* refusal
  if (isDesired("Mesh", resource)) {
    const found = yield* checkProvided(resource.name, resource.spec)
    if (found.length > 0) return yield* invalid(`Failed to ${before === null ? "create" : "update"} a resource`, found)
  }
  const beside = isDesired("Mesh", resource) ? yield* madeWithMesh(resource, { isNew: before === null, zone }) : []
  const stored = yield* store.put(resource, { expect: before?.version ?? "absent", beside, ...whileMesh(resource.mesh) }).pipe(
    // Its mesh went meanwhile.
    Effect.tapErrorTag("Conflict", ({ expected }) => expected === "present" ? requireMesh(route.mesh) : Effect.void)
  )
  if (stored.version !== before?.version) {
    yield* noteStored(resource, { op: "put", version: stored.version, by: userOf(request) })
  }
  const warnings = isDesired("HostnameGenerator", resource)
    ? [...ofResource, ...warnGenerator(resource.spec)]
    : ofResource
  return {
    status: before === null ? 201 : 200,
    headers: { etag: etagOf(stored) },
    body: warnings.length === 0 ? {} : { warnings }
  } satisfies ApiResponse
})
