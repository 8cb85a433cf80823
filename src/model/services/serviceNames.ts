/** What services are called: by other resources, by Envoy's resources, by those who look their hostnames up. Pure. */
import type { Resource } from "../Resource.ts"
import { descriptors } from "../ResourceDescriptor.ts"
import type { ServiceKind } from "../ServiceAddress.ts"
import { DISPLAY_NAME_LABEL, ORIGIN_LABEL, ZONE_TAG } from "../Tags.ts"

export type ServiceResource = Resource<ServiceKind>

/** Written on a MeshService whose Dataplanes have all gone: since when, RFC 3339. */
export const GRACE_LABEL = "kuma.io/deletion-grace-period-started-at"

const NAMESPACE_LABEL = "k8s.kuma.io/namespace"

/** As Kuma abbreviates it in names that it makes of services. */
export const shortKind = (kind: ServiceKind): string => descriptors[kind].kriName ?? kind

/** Names a service within its mesh. */
export const serviceName = (kind: string, name: string): string => `${kind}/${name}`

export interface CoreName {
  readonly mesh: string
  readonly name: string
  readonly namespace: string
  /** Empty for what belongs to no zone. */
  readonly zone: string
}

/** Its name as its author gave it, wherever it came from. */
export const coreName = (
  { kind, resource }: { readonly kind: ServiceKind; readonly resource: ServiceResource }
): CoreName => ({
  mesh: resource.mesh,
  name: resource.labels[DISPLAY_NAME_LABEL] || resource.name,
  namespace: resource.labels[NAMESPACE_LABEL] ?? "",
  zone: kind === "MeshMultiZoneService" ? "" : resource.labels[ZONE_TAG] ?? ""
})

/** Made in this zone. What other zones made comes here by way of the global control plane. */
export const isLocal = ({ labels }: { readonly labels: Readonly<Record<string, string>> }): boolean =>
  (labels[ORIGIN_LABEL] ?? "zone") === "zone"
