import type { Dataplane } from "../../../src/model/Dataplane.ts"
import type { DataplaneInsight } from "../../../src/model/DataplaneInsight.ts"
import type { Resource, ResourceType, SpecByType } from "../../../src/model/Resource.ts"
import { ResourceIndex } from "../../../src/cp/snapshot/ResourceIndex.ts"

export const AT = "2026-01-01T00:00:00.000Z"

export const kept = <T extends ResourceType>(
  type: T,
  name: string,
  spec: SpecByType[T],
  more: Partial<Pick<Resource<T>, "mesh" | "labels" | "modificationTime">> = {}
): Resource<T> => ({
  type, name, spec, mesh: "default", labels: {}, version: 1, creationTime: AT, modificationTime: AT, ...more
})

/** Resources in memory. */
export const indexOf = (resources: ReadonlyArray<Resource>): ResourceIndex => {
  const index = new ResourceIndex()
  for (const resource of resources) index.set(resource, resource)
  return index
}

type Inbound = NonNullable<NonNullable<Dataplane["networking"]>["inbound"]>[number]

export const inbound = (service: string, more: Partial<Inbound> = {}): Inbound => ({
  port: 8080, tags: { "kuma.io/service": service, "kuma.io/zone": "zone-1" }, ...more
})

export const proxy = (name: string, ...inbounds: ReadonlyArray<Inbound>): Resource<"Dataplane"> =>
  kept("Dataplane", name, { networking: { address: "10.0.0.1", inbound: inbounds } })

export const insight = (
  name: string,
  { backend, connected = true, version = "2.14.3" }: {
    readonly connected?: boolean
    readonly backend?: string
    readonly version?: string
  } = {}
): Resource<"DataplaneInsight"> => {
  const mTLS = { certificateExpirationTime: AT, lastCertificateRegeneration: AT, certificateRegenerations: 1 }
  const none = { total: {}, cds: {}, eds: {}, lds: {}, rds: {} }
  const subscription: DataplaneInsight["subscriptions"][number] = {
    id: name,
    controlPlaneInstanceId: "cp-1",
    connectTime: AT,
    ...(connected ? {} : { disconnectTime: AT }),
    status: none,
    version: { kumaDp: { version }, envoy: { version: "1.40.0" } }
  }
  return kept("DataplaneInsight", name, {
    subscriptions: [subscription],
    ...(backend === undefined ? {} : { mTLS: { ...mTLS, issuedBackend: backend, supportedBackends: [backend] } })
  }, { modificationTime: "2026-01-02T00:00:00.000Z" })
}
