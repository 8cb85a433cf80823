/** What the control plane needs to know of each type to read it, write it and serve it. */
import type { Schema } from "effect"
import { Dataplane } from "./Dataplane.ts"
import { DataplaneInsight } from "./DataplaneInsight.ts"
import { EcsTask } from "./EcsTask.ts"
import { ExternalService } from "./ExternalService.ts"
import { HostnameGenerator } from "./HostnameGenerator.ts"
import { Mesh } from "./Mesh.ts"
import { MeshAccessLog } from "./MeshAccessLog.ts"
import { MeshCircuitBreaker } from "./MeshCircuitBreaker.ts"
import { MeshHTTPRoute } from "./MeshHTTPRoute.ts"
import { MeshMetric } from "./MeshMetric.ts"
import { MeshRetry } from "./MeshRetry.ts"
import { MeshTCPRoute } from "./MeshTCPRoute.ts"
import { MeshExternalService } from "./MeshExternalService.ts"
import { MeshMultiZoneService } from "./MeshMultiZoneService.ts"
import { MeshService } from "./MeshService.ts"
import { MeshTimeout } from "./MeshTimeout.ts"
import { MeshTrafficPermission } from "./MeshTrafficPermission.ts"
import { OutboundPort } from "./OutboundPort.ts"
import type { ResourceType, SpecByType } from "./Resource.ts"
import { GlobalSecret, Secret } from "./Secret.ts"
import { ServiceAddress } from "./ServiceAddress.ts"
import { Zone } from "./Zone.ts"
import { ZoneEgress } from "./ZoneEgress.ts"
import { ZoneIngress } from "./ZoneIngress.ts"

export interface ResourceDescriptor<T extends ResourceType = ResourceType> {
  readonly type: T
  /** Mesh: its key names a mesh; Global: its key's mesh is the empty string. */
  readonly scope: "Mesh" | "Global"
  /** Path segments of its collection in the API; the first is the one that we name. */
  readonly paths: readonly [string, ...Array<string>]
  /** `inline`: the spec's fields stand beside `type` and `name`; `spec`: under a key of their own. */
  readonly specStyle: "inline" | "spec"
  /** Written by the control plane alone. */
  readonly readOnly: boolean
  /** Read and written by administrators alone. */
  readonly adminOnly: boolean
  /** Kept by a global control plane where there is one: no zone's, it gets no labels of zone, origin and env. */
  readonly globalOnly: boolean
  /** Only this control plane has such: Kuma's tools aren't told of them. */
  readonly own: boolean
  /** The short name in its KRI, or null for types without one. */
  readonly kriName: string | null
  /** The type that says how it is doing, of the same mesh and name. */
  readonly insight: ResourceType | null
  readonly schema: Schema.Codec<SpecByType[T], unknown>
}

const describe = <T extends ResourceType>(
  type: T,
  scope: "Mesh" | "Global",
  paths: readonly [string, ...Array<string>],
  schema: Schema.Codec<SpecByType[T], unknown>,
  rest: Partial<ResourceDescriptor<T>> = {}
): ResourceDescriptor<T> => ({
  type, scope, paths, schema, specStyle: "inline", readOnly: false, adminOnly: false, own: false,
  globalOnly: false, kriName: null, insight: null, ...rest
})

export type Descriptors = { readonly [T in ResourceType]: ResourceDescriptor<T> }

export const descriptors: Descriptors = {
  Mesh: describe("Mesh", "Global", ["meshes"], Mesh, { kriName: "m", globalOnly: true }),
  Dataplane: describe("Dataplane", "Mesh", ["dataplanes"], Dataplane, {
    kriName: "dp", insight: "DataplaneInsight"
  }),
  DataplaneInsight: describe("DataplaneInsight", "Mesh", ["dataplane-insights"], DataplaneInsight, { readOnly: true }),
  ZoneIngress: describe("ZoneIngress", "Global", ["zoneingresses", "zone-ingresses"], ZoneIngress, {
    kriName: "zi", insight: "ZoneIngressInsight"
  }),
  ZoneIngressInsight: describe("ZoneIngressInsight", "Global", ["zone-ingress-insights"], DataplaneInsight, {
    readOnly: true
  }),
  ZoneEgress: describe("ZoneEgress", "Global", ["zoneegresses", "zone-egresses"], ZoneEgress, {
    kriName: "ze", insight: "ZoneEgressInsight"
  }),
  ZoneEgressInsight: describe(
    "ZoneEgressInsight", "Global", ["zoneegressinsights", "zone-egress-insights"], DataplaneInsight,
    { readOnly: true }
  ),
  Secret: describe("Secret", "Mesh", ["secrets"], Secret, { adminOnly: true }),
  GlobalSecret: describe("GlobalSecret", "Global", ["globalsecrets", "global-secrets"], GlobalSecret, {
    adminOnly: true
  }),
  MeshTrafficPermission: describe(
    "MeshTrafficPermission", "Mesh", ["meshtrafficpermissions"], MeshTrafficPermission,
    { specStyle: "spec", kriName: "mtp" }
  ),
  MeshTimeout: describe("MeshTimeout", "Mesh", ["meshtimeouts"], MeshTimeout, { specStyle: "spec", kriName: "mt" }),
  MeshRetry: describe("MeshRetry", "Mesh", ["meshretries"], MeshRetry, { specStyle: "spec", kriName: "mr" }),
  MeshCircuitBreaker: describe("MeshCircuitBreaker", "Mesh", ["meshcircuitbreakers"], MeshCircuitBreaker, {
    specStyle: "spec", kriName: "mcb"
  }),
  MeshHTTPRoute: describe("MeshHTTPRoute", "Mesh", ["meshhttproutes"], MeshHTTPRoute, {
    specStyle: "spec", kriName: "mhttpr"
  }),
  MeshTCPRoute: describe("MeshTCPRoute", "Mesh", ["meshtcproutes"], MeshTCPRoute, {
    specStyle: "spec", kriName: "mtcpr"
  }),
  MeshAccessLog: describe("MeshAccessLog", "Mesh", ["meshaccesslogs"], MeshAccessLog, {
    specStyle: "spec", kriName: "mal"
  }),
  MeshMetric: describe("MeshMetric", "Mesh", ["meshmetrics"], MeshMetric, { specStyle: "spec", kriName: "mm" }),
  Zone: describe("Zone", "Global", ["zones"], Zone, { kriName: "z" }),
  ExternalService: describe("ExternalService", "Mesh", ["external-services", "externalservices"], ExternalService, {
    globalOnly: true
  }),
  MeshService: describe("MeshService", "Mesh", ["meshservices"], MeshService, { specStyle: "spec", kriName: "msvc" }),
  MeshExternalService: describe("MeshExternalService", "Mesh", ["meshexternalservices"], MeshExternalService, {
    specStyle: "spec", kriName: "extsvc"
  }),
  MeshMultiZoneService: describe("MeshMultiZoneService", "Mesh", ["meshmultizoneservices"], MeshMultiZoneService, {
    specStyle: "spec", kriName: "mzsvc", globalOnly: true
  }),
  HostnameGenerator: describe("HostnameGenerator", "Global", ["hostnamegenerators"], HostnameGenerator, {
    specStyle: "spec", kriName: "hg"
  }),
  EcsTask: describe("EcsTask", "Global", ["ecs-tasks"], EcsTask, { specStyle: "spec", readOnly: true, own: true }),
  OutboundPort: describe("OutboundPort", "Mesh", ["outbound-ports"], OutboundPort, { specStyle: "spec", own: true }),
  ServiceAddress: describe("ServiceAddress", "Global", ["service-addresses"], ServiceAddress, {
    specStyle: "spec", readOnly: true, own: true
  })
}

export const resourceTypes: ReadonlyArray<ResourceType> = Object.values(descriptors).map(({ type }) => type)

export const isResourceType = (type: string): type is ResourceType => Object.hasOwn(descriptors, type)
