/** What proxies are given to prove themselves with outside of the mesh: not what the mesh's authority signs with. */
import { authoritySecrets } from "../authoritySecrets.ts"
import type { DataSource } from "../DataSource.ts"
import type { Mesh } from "../Mesh.ts"
import type { DesiredResource, ResourceType } from "../Resource.ts"
import type { Violation } from "../Violation.ts"
import { violationIf } from "./violationPath.ts"

const isDesired = <T extends ResourceType>(type: T, resource: DesiredResource): resource is DesiredResource<T> =>
  resource.type === type

interface Place {
  readonly path: string
  readonly source: DataSource | undefined
}

const keyOf = (resource: DesiredResource): Place | undefined => {
  if (isDesired("ExternalService", resource)) {
    return { path: "networking.tls.clientKey.secret", source: resource.spec.networking?.tls?.clientKey }
  }
  return isDesired("MeshExternalService", resource)
    ? { path: "spec.tls.verification.clientKey.secret", source: resource.spec.tls?.verification?.clientKey }
    : undefined
}

/** `mesh`: that which the resource belongs to. What the mesh becomes later is judged then. */
export const validateKeySources = (resource: DesiredResource, mesh: Mesh): ReadonlyArray<Violation> => {
  const { path = "", source } = keyOf(resource) ?? {}
  const secret = source?.secret
  return secret === undefined ? [] : violationIf(
    authoritySecrets(resource.mesh, mesh).has(secret),
    path,
    `"${secret}" is what the mesh's own authority signs with: every proxy that calls this would be given it`
  )
}
