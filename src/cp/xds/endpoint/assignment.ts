/**
 * Where a service's endpoints are, as Envoy's ClusterLoadAssignment. Each is built and serialised once, whoever
 * subscribes to it: what is built hangs on the `ServiceView`, which is replaced when anything in it changes.
 */
import type { JsonObject } from "@bufbuild/protobuf"
import { ClusterLoadAssignmentSchema } from "../../proto/envoy/config/endpoint/v3/endpoint_pb.js"
import { SERVICE_TAG, type Tags } from "../../../model/Tags.ts"
import type { Endpoint, ServiceView } from "../../snapshot/MeshView.ts"
import { tagsMatch } from "../policies/selection.ts"
import { socketAddress } from "../socketAddress.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"

export interface AssignmentInput {
  readonly clusterName: string
  /** Tags that an endpoint must have beside the service. */
  readonly tags: Tags
  /** Stands in the endpoints' metadata where the cluster is a zone proxy's. */
  readonly mesh?: string
}

const metadataOf = (endpoint: Endpoint, mesh: string | undefined): JsonObject => {
  const { [SERVICE_TAG]: _, ...tags } = endpoint.tags
  const entries = Object.entries({ ...tags, ...(mesh === undefined ? {} : { mesh }) })
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const lbEndpoint = (endpoint: Endpoint, mesh: string | undefined) => {
  const tags = metadataOf(endpoint, mesh)
  return {
    hostIdentifier: {
      case: "endpoint",
      value: { address: socketAddress(endpoint.address, endpoint.port) }
    },
    loadBalancingWeight: 1,
    metadata: { filterMetadata: { "envoy.lb": tags, "envoy.transport_socket_match": tags } }
  } as const
}

/** Zones in the order of their names, those without one first. */
const byZone = (endpoints: ReadonlyArray<Endpoint>): ReadonlyArray<readonly [string, ReadonlyArray<Endpoint>]> =>
  [...Map.groupBy(endpoints, (endpoint) => endpoint.zone ?? "")].sort(([a], [b]) => (a < b ? -1 : 1))

const build = (endpoints: ReadonlyArray<Endpoint>, { clusterName, mesh }: AssignmentInput): XdsResource =>
  toXdsResource(TypeUrl.ClusterLoadAssignment, clusterName, ClusterLoadAssignmentSchema, {
    clusterName,
    endpoints: byZone(endpoints).map(([zone, inZone]) => ({
      ...(zone === "" ? {} : { locality: { zone } }),
      lbEndpoints: inZone.map((endpoint) => lbEndpoint(endpoint, mesh))
    }))
  })

const built = new WeakMap<ServiceView, Map<string, XdsResource>>()

/**
 * A service that isn't there has an empty assignment: Envoy holds a listener back until every cluster that it
 * names has one.
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/cluster_manager#cluster-warming
 */
export const assignment = (service: ServiceView | undefined, input: AssignmentInput): XdsResource => {
  if (service === undefined) return build([], input)
  const known = built.get(service) ?? new Map<string, XdsResource>()
  built.set(service, known)
  // The cluster's name says which tags were asked for; a zone proxy's also says the mesh.
  const before = known.get(input.clusterName)
  if (before !== undefined) return before
  const endpoints = service.endpoints.filter((endpoint) => tagsMatch(input.tags, endpoint.tags))
  const after = build(endpoints, input)
  known.set(input.clusterName, after)
  return after
}
