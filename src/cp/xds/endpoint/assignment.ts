/** Where a service's endpoints are, as Envoy's ClusterLoadAssignment. */
import { create } from "@bufbuild/protobuf"
import { WireType } from "@bufbuild/protobuf/wire"
import { ClusterLoadAssignmentSchema } from "../../proto/envoy/config/endpoint/v3/endpoint_pb.js"
import {
  type LocalityLbEndpoints,
  LocalityLbEndpointsSchema
} from "../../proto/envoy/config/endpoint/v3/endpoint_components_pb.js"
import type { Tags } from "../../../model/Tags.ts"
import type { Endpoint, ServiceView } from "../../snapshot/MeshView.ts"
import { tagsMatch } from "../policies/selection.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { lbEndpoint } from "./lbEndpoint.ts"

export interface AssignmentInput {
  readonly clusterName: string
  /** Tags that an endpoint must have beside the service. */
  readonly tags: Tags
  /** Other zones' are left out: for a zone's own ingress, that no connection goes round in a circle. */
  readonly isLocal?: boolean
  /** Stands in the endpoints' metadata where the cluster is a zone proxy's. */
  readonly mesh?: string
}

/** Zones in the order of their names, those without one first. */
const byZone = (endpoints: ReadonlyArray<Endpoint>): ReadonlyArray<readonly [string, ReadonlyArray<Endpoint>]> =>
  [...Map.groupBy(endpoints, (endpoint) => endpoint.zone ?? "")].sort(([a], [b]) => (a < b ? -1 : 1))

/** The most wanted first. Envoy counts priorities from 0 without gaps. */
const byPriority = (endpoints: ReadonlyArray<Endpoint>): ReadonlyArray<ReadonlyArray<Endpoint>> =>
  [...Map.groupBy(endpoints, (endpoint) => endpoint.priority ?? 0)].sort(([a], [b]) => a - b).map(([, those]) => those)

/** Number of `LocalityLbEndpoints.lb_endpoints`, which are length-delimited. */
const LB_ENDPOINTS = 2

const inLocality = (
  priority: number,
  zone: string,
  endpoints: ReadonlyArray<Endpoint>,
  mesh: string | null
): LocalityLbEndpoints => {
  const message = create(LocalityLbEndpointsSchema, { priority, ...(zone === "" ? {} : { locality: { zone } }) })
  // What a message has beside the fields that it knows is written behind those, as it is.
  message.$unknown = endpoints.map((endpoint) => ({
    no: LB_ENDPOINTS,
    wireType: WireType.LengthDelimited,
    data: lbEndpoint(endpoint, mesh)
  }))
  return message
}

const build = (endpoints: ReadonlyArray<Endpoint>, { clusterName, mesh }: AssignmentInput): XdsResource =>
  toXdsResource(TypeUrl.ClusterLoadAssignment, clusterName, ClusterLoadAssignmentSchema, {
    clusterName,
    endpoints: byPriority(endpoints).flatMap((those, priority) =>
      byZone(those).map(([zone, inZone]) => inLocality(priority, zone, inZone, mesh ?? null)))
  })

/**
 * A service that isn't there has an empty assignment: Envoy holds a listener back until every cluster that it
 * names has one.
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/cluster_manager#cluster-warming
 */
export const assignment = (service: ServiceView | undefined, input: AssignmentInput): XdsResource =>
  build(
    (service?.endpoints ?? []).filter((endpoint) =>
      tagsMatch(input.tags, endpoint.tags) && (input.isLocal !== true || (endpoint.priority ?? 0) === 0)),
    input
  )
