/**
 * `kuma:envoy:admin`: what of a proxy's own state others may see. That is `/ready` alone; Envoy's admin interface,
 * which can stop the proxy, stays on the proxy's host.
 */
import { TrafficDirection } from "../../proto/envoy/config/core/v3/base_pb.js"
import { ListenerSchema } from "../../proto/envoy/config/listener/v3/listener_pb.js"
import {
  HttpConnectionManagerSchema
} from "../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import { readinessCluster } from "../cluster/local.ts"
import { ADMIN, READINESS, statName } from "../names.ts"
import { socketAddress } from "../socketAddress.ts"
import type { Shared } from "../share/Shared.ts"
import { toXdsResource } from "../toXdsResource.ts"
import type { SocketAddress, TranslateSettings } from "../TranslateSettings.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { filter, internalAddresses, router } from "./filters.ts"

const httpConnectionManager = filter(
  "envoy.filters.network.http_connection_manager",
  HttpConnectionManagerSchema,
  {
    statPrefix: statName(ADMIN),
    internalAddressConfig: internalAddresses,
    httpFilters: [router],
    routeSpecifier: {
      case: "routeConfig",
      value: {
        validateClusters: false,
        virtualHosts: [{
          name: ADMIN,
          domains: ["*"],
          routes: [{
            match: { pathSpecifier: { case: "path", value: "/ready" } },
            action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: READINESS } } }
          }]
        }]
      }
    }
  }
)

const adminListener = ({ address, port }: SocketAddress): XdsResource =>
  toXdsResource(TypeUrl.Listener, ADMIN, ListenerSchema, {
    name: ADMIN,
    address: socketAddress(address, port),
    enableReusePort: false,
    trafficDirection: TrafficDirection.INBOUND,
    filterChains: [{ filters: [httpConnectionManager] }]
  })

/** Nothing where the sidecar answers no `/ready`, or where Envoy itself holds that address. */
export const adminResources = (
  address: string,
  port: number | undefined,
  { admin, readiness }: TranslateSettings,
  resources: Shared<XdsResource>
): ReadonlyArray<XdsResource> => {
  const listens = port ?? admin?.port
  if (readiness === null || admin === null || listens === undefined || listens === 0) return []
  const taken = [admin, readiness].some((own) =>
    own.port === listens && (own.address === address || own.address === "0.0.0.0" || own.address === "::")
  )
  return taken ? [] : [
    resources.of(adminListener, { address, port: listens }),
    resources.of(readinessCluster, readiness)
  ]
}
