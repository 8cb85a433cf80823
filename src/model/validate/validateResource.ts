/**
 * Judges whether a resource makes sense. Receives one that `decodeResource` has read, answers every violation at
 * once in Kuma's words, and never looks at other resources.
 */
import type { DesiredResource, ResourceType } from "../Resource.ts"
import type { Violation } from "../Violation.ts"
import { validatePort } from "./validateAddress.ts"
import { validateDataplane } from "./validateDataplane.ts"
import { validateExternalService } from "./validateExternalService.ts"
import { validateHostnameGenerator } from "./validateHostnameGenerator.ts"
import { validateMesh } from "./validateMesh.ts"
import { validateMeshAccessLog } from "./validateMeshAccessLog.ts"
import { validateMeshCircuitBreaker } from "./validateMeshCircuitBreaker.ts"
import { validateMeshHTTPRoute } from "./validateMeshHTTPRoute.ts"
import { validateMeshMetric } from "./validateMeshMetric.ts"
import { validateMeshRetry } from "./validateMeshRetry.ts"
import { validateMeshTCPRoute } from "./validateMeshTCPRoute.ts"
import { validateMeshExternalService } from "./validateMeshExternalService.ts"
import { validateMeshMultiZoneService } from "./validateMeshMultiZoneService.ts"
import { validateMeshService } from "./validateMeshService.ts"
import { validateMeshTimeout } from "./validateMeshTimeout.ts"
import { validateMeshTrafficPermission } from "./validateMeshTrafficPermission.ts"
import { validateMeta } from "./validateMeta.ts"
import { validateSecret } from "./validateSecret.ts"
import { violations as withoutEffect } from "./withoutEffect.ts"
import { validateZoneEgress, validateZoneIngress } from "./validateZoneProxy.ts"

type Validators = { readonly [T in ResourceType]: (resource: DesiredResource<T>) => ReadonlyArray<Violation> }

/** For what the control plane alone writes. */
const anything = (): ReadonlyArray<Violation> => []

const validators: Validators = {
  Mesh: ({ name, spec }) => validateMesh(name, spec),
  Dataplane: ({ spec }) => validateDataplane(spec),
  DataplaneInsight: anything,
  ZoneIngress: ({ spec }) => validateZoneIngress(spec),
  ZoneIngressInsight: anything,
  ZoneEgress: ({ spec }) => validateZoneEgress(spec),
  ZoneEgressInsight: anything,
  Secret: ({ spec }) => validateSecret(spec),
  GlobalSecret: ({ spec }) => validateSecret(spec),
  MeshTrafficPermission: ({ spec }) => validateMeshTrafficPermission(spec),
  MeshTimeout: ({ spec }) => validateMeshTimeout(spec),
  MeshRetry: ({ spec }) => validateMeshRetry(spec),
  MeshCircuitBreaker: ({ spec }) => validateMeshCircuitBreaker(spec),
  MeshHTTPRoute: ({ spec }) => validateMeshHTTPRoute(spec),
  MeshTCPRoute: ({ spec }) => validateMeshTCPRoute(spec),
  MeshAccessLog: ({ spec }) => validateMeshAccessLog(spec),
  MeshMetric: ({ spec }) => validateMeshMetric(spec),
  Zone: anything,
  ExternalService: ({ spec }) => validateExternalService(spec),
  MeshService: validateMeshService,
  MeshExternalService: validateMeshExternalService,
  MeshMultiZoneService: ({ spec }) => validateMeshMultiZoneService(spec),
  HostnameGenerator: ({ spec }) => validateHostnameGenerator(spec),
  EcsTask: anything,
  OutboundPort: ({ spec }) => validatePort("spec.port", spec.port),
  ServiceAddress: anything
}

/** Violations of the spec alone. */
export const validateSpec = <T extends ResourceType>(resource: DesiredResource<T>): ReadonlyArray<Violation> => {
  const validate: Validators[T] = validators[resource.type]
  return [...validate(resource), ...withoutEffect(resource)]
}

/** Violations of name, mesh, labels and spec. */
export const validateResource = (resource: DesiredResource): ReadonlyArray<Violation> => [
  ...validateMeta(resource),
  ...validateSpec(resource)
]
