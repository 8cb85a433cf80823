/** Which Secrets a resource names, each by the place that names it. */
import { namedSecrets } from "./authoritySecrets.ts"
import type { DataSource } from "./DataSource.ts"
import type { Mesh } from "./Mesh.ts"
import type { DesiredResource, ResourceType } from "./Resource.ts"

const isDesired = <T extends ResourceType>(type: T, resource: DesiredResource): resource is DesiredResource<T> =>
  resource.type === type

const SOURCES = ["caCert", "clientCert", "clientKey"] as const

type Sources = { readonly [S in (typeof SOURCES)[number]]?: DataSource }

const inside = (path: string, sources: Sources | undefined): ReadonlyMap<string, string> =>
  new Map(SOURCES.flatMap((name) => {
    const secret = sources?.[name]?.secret
    return secret === undefined ? [] : [[`${path}.${name}.secret`, secret] as const]
  }))

const ofAuthorities = (mesh: Mesh): ReadonlyMap<string, string> =>
  new Map((mesh.mtls?.backends ?? []).flatMap((backend, index) =>
    [...namedSecrets(backend)].map(([path, secret]) => [`mtls.backends[${index}].${path}`, secret] as const)))

export const secretSources = (resource: DesiredResource): ReadonlyMap<string, string> => {
  if (isDesired("Mesh", resource)) return ofAuthorities(resource.spec)
  if (isDesired("ExternalService", resource)) return inside("networking.tls", resource.spec.networking?.tls)
  return inside(
    "spec.tls.verification",
    isDesired("MeshExternalService", resource) ? resource.spec.tls?.verification : undefined
  )
}
