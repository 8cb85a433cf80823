/** Names of Envoy resources, as Kuma gives them: users' dashboards and patches go by them. */
import { createHash } from "node:crypto"
import { SERVICE_TAG, type Tags } from "../../model/Tags.ts"
import { joinHostPort } from "../joinHostPort.ts"

export const inboundListenerName = (address: string, port: number): string => `inbound:${joinHostPort(address, port)}`

export const outboundListenerName = (address: string, port: number): string => `outbound:${joinHostPort(address, port)}`

/** Cluster of the workload behind an inbound. */
export const localClusterName = (servicePort: number): string => `localhost:${servicePort}`

export const outboundRouteName = (service: string): string => `outbound:${service}`

/** Cluster of a service behind a zone proxy, which serves several meshes. */
export const meshClusterName = (mesh: string, service: string): string => `${mesh}:${service}`

export const ADMIN = "kuma:envoy:admin"
export const READINESS = "kuma:readiness"
export const METRICS = "kuma:metrics:prometheus"
/** Behind which metrics are. */
export const METRICS_SOURCE = "kuma:metrics:hijacker"

export const identitySecretName = (mesh: string): string => `identity_cert:secret:${mesh}`

export const caSecretName = (mesh: string): string => `mesh_ca:secret:${mesh}`

const sorted = (tags: Tags): ReadonlyArray<readonly [string, string]> =>
  Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))

/** `<service>`, or with 16 hex of SHA-256 over the tags where more than the service is asked for. */
export const serviceClusterName = (tags: Tags): string => {
  const service = tags[SERVICE_TAG] ?? ""
  const entries = sorted(tags)
  if (entries.length === 1) return service
  const hash = createHash("sha256")
  for (const [key, value] of entries) hash.update(key).update(value)
  return `${service}-${hash.digest("hex").slice(0, 16)}`
}

/** `service{mesh=m,tag=v}`: what a zone ingress tells services apart by. */
export const sniOf = (mesh: string, tags: Tags): string => {
  const { [SERVICE_TAG]: service = "", ...others } = tags
  return `${service}{${sorted({ ...others, mesh }).map(([key, value]) => `${key}=${value}`).join(",")}}`
}

export const spiffeId = (mesh: string, service: string): string => `spiffe://${mesh}/${service}`

export const kumaId = (tag: string, value: string): string => `kuma://${tag}/${value}`

/** Statistics' names can't hold what separates them. */
export const statName = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_-]/g, "_")
