/**
 * The route of an HTTP inbound, and with it who may call. It is a resource of its own (RDS), because a new one holds
 * for the next request on every open connection, while a new listener holds for new connections only and has the
 * old ones drain: so a denial bites at once, and no change of permissions ends a connection.
 */
import { RouteConfigurationSchema } from "../../proto/envoy/config/route/v3/route_pb.js"
import { duration } from "../duration.ts"
import type { Timeouts } from "../policies/MeshTimeout.ts"
import type { Permissions } from "../policies/MeshTrafficPermission.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { UNDELIVERED } from "./retry.ts"

export const HTTP_RBAC = "envoy.filters.http.rbac"

export interface InboundRouteInput {
  /** The listener's: two inbounds of one service may have different permissions. */
  readonly name: string
  readonly service: string
  readonly cluster: string
  readonly timeouts: Timeouts
  /** Null where the mesh has no mTLS: nobody can be told apart then. */
  readonly permissions: Permissions | null
}

export const inboundRoute = ({ name, service, cluster, timeouts, permissions }: InboundRouteInput): XdsResource =>
  toXdsResource(TypeUrl.RouteConfiguration, name, RouteConfigurationSchema, {
    name,
    validateClusters: false,
    // Only a proxy may say so, not the workload.
    responseHeadersToRemove: [UNDELIVERED],
    virtualHosts: [{
      name: service,
      domains: ["*"],
      routes: [{
        match: { pathSpecifier: { case: "prefix", value: "/" } },
        action: {
          case: "route",
          value: {
            clusterSpecifier: { case: "cluster", value: cluster },
            timeout: duration(timeouts.request),
            idleTimeout: duration(timeouts.streamIdle)
          }
        }
      }]
    }],
    ...(permissions === null ? {} : {
      typedPerFilterConfig: { [HTTP_RBAC]: permissions.perRoute }
    })
  })
