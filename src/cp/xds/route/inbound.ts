/**
 * The route of an HTTP inbound, and with it who may call. It is a resource of its own (RDS), because a new one holds
 * for the next request on every open connection, while a new listener holds for new connections only and has the
 * old ones drain: so a denial bites at once, and no change of permissions ends a connection.
 */
import type { MessageInitShape } from "@bufbuild/protobuf"
import type { SpiffeId } from "../../../model/Match.ts"
import type { HeaderMatcher, RouteSchema } from "../../proto/envoy/config/route/v3/route_components_pb.js"
import { RouteConfigurationSchema } from "../../proto/envoy/config/route/v3/route_pb.js"
import { duration } from "../duration.ts"
import type { CallerTimeouts, RouteTimeouts } from "../policies/MeshTimeout.ts"
import type { Permissions } from "../policies/MeshTrafficPermission.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { headerMatcher } from "./headerMatcher.ts"
import { UNDELIVERED } from "./retry.ts"

export const HTTP_RBAC = "envoy.filters.http.rbac"

/** Where the connection manager writes the ids of a caller's certificate, and nobody else can. */
const CLIENT_CERTIFICATE = "x-forwarded-client-cert"

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")

/** `By=..;Hash=..;URI=spiffe://default/a;URI=kuma://version/1` */
const fromCaller = ({ type, value }: SpiffeId) =>
  headerMatcher({
    type: "RegularExpression",
    name: CLIENT_CERTIFICATE,
    value: `(.*[;,])?URI=${escaped(value)}${type === "Exact" ? "([;,].*)?" : ".*"}`
  })

export interface InboundRouteInput {
  /** The listener's: two inbounds of one service may have different permissions. */
  readonly name: string
  readonly service: string
  readonly cluster: string
  readonly timeouts: RouteTimeouts
  /** Those of some callers; the first that fits holds. */
  readonly callers: ReadonlyArray<CallerTimeouts>
  /** Null where the mesh has no mTLS: nobody can be told apart then. */
  readonly permissions: Permissions | null
}

export const inboundRoute = (input: InboundRouteInput): XdsResource => {
  const { callers, cluster, name, permissions, service, timeouts } = input
  const route = (of: RouteTimeouts, headers: Array<HeaderMatcher>): MessageInitShape<typeof RouteSchema> => ({
    match: { pathSpecifier: { case: "prefix", value: "/" }, headers },
    action: {
      case: "route",
      value: {
        clusterSpecifier: { case: "cluster", value: cluster },
        timeout: duration(of.request),
        idleTimeout: duration(of.streamIdle)
      }
    }
  })
  return toXdsResource(TypeUrl.RouteConfiguration, name, RouteConfigurationSchema, {
    name,
    validateClusters: false,
    // Only a proxy may say so, not the workload.
    responseHeadersToRemove: [UNDELIVERED],
    virtualHosts: [{
      name: service,
      domains: ["*"],
      routes: [...callers.map((one) => route(one.timeouts, [fromCaller(one.caller)])), route(timeouts, [])]
    }],
    ...(permissions === null ? {} : {
      typedPerFilterConfig: { [HTTP_RBAC]: permissions.perRoute }
    })
  })
}
