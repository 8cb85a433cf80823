/** Everything that the workload sends to one of its outbounds goes to that service's cluster. */
import type { MessageInitShape } from "@bufbuild/protobuf"
import type { RouteConfigurationSchema } from "../../proto/envoy/config/route/v3/route_pb.js"
import type { RetryPolicy, RouteSchema } from "../../proto/envoy/config/route/v3/route_components_pb.js"
import { duration } from "../duration.ts"
import { outboundRouteName } from "../names.ts"
import type { Timeouts } from "../policies/MeshTimeout.ts"
import { retryOfAny, retryOfSafe, SAFE_METHODS, UNDELIVERED } from "./retry.ts"

export const outboundRoutes = (
  service: string,
  cluster: string,
  timeouts: Timeouts
): MessageInitShape<typeof RouteConfigurationSchema> => {
  const to = (
    match: NonNullable<MessageInitShape<typeof RouteSchema>["match"]>,
    retryPolicy: RetryPolicy
  ): MessageInitShape<typeof RouteSchema> => ({
    match,
    action: {
      case: "route",
      value: {
        clusterSpecifier: { case: "cluster", value: cluster },
        timeout: duration(timeouts.request),
        idleTimeout: duration(timeouts.streamIdle),
        retryPolicy
      }
    }
  })
  const prefix = { case: "prefix", value: "/" } as const
  return {
    name: outboundRouteName(service),
    // A route may name a cluster that Envoy hears of a moment later.
    validateClusters: false,
    responseHeadersToRemove: [UNDELIVERED],
    virtualHosts: [{
      name: service,
      domains: ["*"],
      routes: [
        to({
          pathSpecifier: prefix,
          headers: [{
            name: ":method",
            headerMatchSpecifier: {
              case: "stringMatch",
              value: { matchPattern: { case: "safeRegex", value: { regex: SAFE_METHODS } } }
            }
          }]
        }, retryOfSafe),
        to({ pathSpecifier: prefix }, retryOfAny)
      ]
    }]
  }
}
