/**
 * What every kind of resource has in common: how it is named, labelled and versioned.
 * The kinds' own specs live beside this file, one file each; `SpecByType` joins them.
 */
import type { Dataplane } from "./Dataplane.ts"
import type { DataplaneInsight } from "./DataplaneInsight.ts"
import type { EcsTask } from "./EcsTask.ts"
import type { ExternalService } from "./ExternalService.ts"
import type { HostnameGenerator } from "./HostnameGenerator.ts"
import type { Mesh } from "./Mesh.ts"
import type { MeshAccessLog } from "./MeshAccessLog.ts"
import type { MeshCircuitBreaker } from "./MeshCircuitBreaker.ts"
import type { MeshHTTPRoute } from "./MeshHTTPRoute.ts"
import type { MeshMetric } from "./MeshMetric.ts"
import type { MeshRetry } from "./MeshRetry.ts"
import type { MeshTCPRoute } from "./MeshTCPRoute.ts"
import type { MeshExternalService } from "./MeshExternalService.ts"
import type { MeshMultiZoneService } from "./MeshMultiZoneService.ts"
import type { MeshService } from "./MeshService.ts"
import type { MeshTimeout } from "./MeshTimeout.ts"
import type { MeshTrafficPermission } from "./MeshTrafficPermission.ts"
import type { OutboundPort } from "./OutboundPort.ts"
import type { GlobalSecret, Secret } from "./Secret.ts"
import type { ServiceAddress } from "./ServiceAddress.ts"
import type { Zone } from "./Zone.ts"
import type { ZoneEgress } from "./ZoneEgress.ts"
import type { ZoneIngress } from "./ZoneIngress.ts"

/** Each resource type with the shape of its spec (without `type`, `mesh`, `name` and `labels`). */
export interface SpecByType {
  readonly Mesh: Mesh
  readonly Dataplane: Dataplane
  readonly DataplaneInsight: DataplaneInsight
  readonly ZoneIngress: ZoneIngress
  readonly ZoneIngressInsight: DataplaneInsight
  readonly ZoneEgress: ZoneEgress
  readonly ZoneEgressInsight: DataplaneInsight
  readonly Secret: Secret
  readonly GlobalSecret: GlobalSecret
  readonly MeshTrafficPermission: MeshTrafficPermission
  readonly MeshTimeout: MeshTimeout
  readonly MeshRetry: MeshRetry
  readonly MeshCircuitBreaker: MeshCircuitBreaker
  readonly MeshHTTPRoute: MeshHTTPRoute
  readonly MeshTCPRoute: MeshTCPRoute
  readonly MeshAccessLog: MeshAccessLog
  readonly MeshMetric: MeshMetric
  readonly Zone: Zone
  readonly ExternalService: ExternalService
  readonly MeshService: MeshService
  readonly MeshExternalService: MeshExternalService
  readonly MeshMultiZoneService: MeshMultiZoneService
  readonly HostnameGenerator: HostnameGenerator
  readonly EcsTask: EcsTask
  readonly OutboundPort: OutboundPort
  readonly ServiceAddress: ServiceAddress
}

export type ResourceType = keyof SpecByType

/** Names one resource. `mesh` is the empty string for types that belong to no mesh. */
export interface ResourceKey<T extends ResourceType = ResourceType> {
  readonly type: T
  readonly mesh: string
  readonly name: string
}

/**
 * A resource as it is kept. `version` counts its writes: from 1, or from above whatever was removed before it was made.
 * Times are ISO 8601 in UTC.
 */
export interface Resource<T extends ResourceType = ResourceType> extends ResourceKey<T> {
  readonly labels: Readonly<Record<string, string>>
  readonly spec: SpecByType[T]
  readonly version: number
  readonly creationTime: string
  readonly modificationTime: string
}

/** A resource that somebody wants kept: no version and no times yet. */
export type DesiredResource<T extends ResourceType = ResourceType> = Pick<
  Resource<T>,
  "type" | "mesh" | "name" | "labels" | "spec"
>

/** The key as one line: `Dataplane/default/demo-app-1`, `ZoneIngress//ingress-1`. */
export const formatKey = (key: ResourceKey): string => `${key.type}/${key.mesh}/${key.name}`

/** Narrows a resource to one type. */
export const isType = <T extends ResourceType>(type: T, resource: Resource): resource is Resource<T> =>
  resource.type === type

/** Undefined for one of another type, too. */
export const ofType = <T extends ResourceType>(type: T, resource: Resource | undefined): Resource<T> | undefined =>
  resource !== undefined && isType(type, resource) ? resource : undefined
