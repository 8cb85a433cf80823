/** Where a resource says that a private key comes from. */
import type { DataSource } from "./DataSource.ts"
import type { DesiredResource, ResourceType } from "./Resource.ts"

export interface KeySource {
  readonly path: string
  /** Of a Mesh's authority it is kept as it came. */
  readonly source: Readonly<Record<string, unknown>> | DataSource
}

const isDesired = <T extends ResourceType>(type: T, resource: DesiredResource): resource is DesiredResource<T> =>
  resource.type === type

const given = (path: string, source: unknown): ReadonlyArray<KeySource> =>
  typeof source === "object" && source !== null ? [{ path, source: { ...source } }] : []

export const keySources = (resource: DesiredResource): ReadonlyArray<KeySource> => {
  if (isDesired("Mesh", resource)) {
    return (resource.spec.mtls?.backends ?? []).flatMap(({ conf, type }, index) =>
      type === "provided" ? given(`mtls.backends[${index}].conf.key`, conf?.["key"]) : [])
  }
  if (isDesired("ExternalService", resource)) {
    return given("networking.tls.clientKey", resource.spec.networking?.tls?.clientKey)
  }
  return isDesired("MeshExternalService", resource)
    ? given("spec.tls.verification.clientKey", resource.spec.tls?.verification?.clientKey)
    : []
}
