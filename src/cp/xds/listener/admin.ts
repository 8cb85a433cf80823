/**
 * `kuma:envoy:admin`: what of a proxy's own state others may see. In the clear that is `/ready` alone. A control plane,
 * which shows a certificate of its admin CA, reads Envoy's statistics and clusters, too. The rest of Envoy's admin
 * interface, which can stop the proxy and shows its configuration, stays on the proxy's host.
 */
import type { MessageInitShape } from "@bufbuild/protobuf"
import type { ProxyId } from "../../../model/ProxyType.ts"
import { ADMIN_CLIENT, adminHost } from "../../admin/adminNames.ts"
import { TrafficDirection, type TransportSocket } from "../../proto/envoy/config/core/v3/base_pb.js"
import type { Filter, FilterChainSchema } from "../../proto/envoy/config/listener/v3/listener_components_pb.js"
import { ListenerSchema } from "../../proto/envoy/config/listener/v3/listener_pb.js"
import type { RouteSchema } from "../../proto/envoy/config/route/v3/route_components_pb.js"
import {
  HttpConnectionManagerSchema
} from "../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import { SubjectAltNameMatcher_SanType } from "../../proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js"
import { fixedCluster } from "../cluster/fixed.ts"
import { ADMIN, READINESS, statName } from "../names.ts"
import { onceFor } from "../share/onceFor.ts"
import type { Shared } from "../share/Shared.ts"
import { socketAddress } from "../socketAddress.ts"
import { mutualDownstream } from "../tls.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { adminPlace, type AdminTls, type SocketAddress, type TranslateSettings } from "../TranslateSettings.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { filter, internalAddresses, router, tlsInspector } from "./filters.ts"

type Route = MessageInitShape<typeof RouteSchema>

const http = (routes: ReadonlyArray<Route>): Filter =>
  filter("envoy.filters.network.http_connection_manager", HttpConnectionManagerSchema, {
    statPrefix: statName(ADMIN),
    internalAddressConfig: internalAddresses,
    httpFilters: [router],
    routeSpecifier: {
      case: "routeConfig",
      value: { validateClusters: false, virtualHosts: [{ name: ADMIN, domains: ["*"], routes: [...routes] }] }
    }
  })

const to = (cluster: string): NonNullable<Route["action"]> => ({
  case: "route", value: { clusterSpecifier: { case: "cluster", value: cluster } }
})

const ready = http([{ match: { pathSpecifier: { case: "path", value: "/ready" } }, action: to(READINESS) }])

/** What `kumactl inspect` asks for; both paths as a whole, and only to be read. */
const statistics = http(["/stats", "/clusters"].map((path): Route => ({
  match: {
    pathSpecifier: { case: "path", value: path },
    headers: [{
      name: ":method",
      headerMatchSpecifier: { case: "stringMatch", value: { matchPattern: { case: "exact", value: "GET" } } }
    }]
  },
  action: to(ADMIN)
})))

const inline = (pem: string) => ({ specifier: { case: "inlineBytes", value: Buffer.from(pem) } }) as const

/**
 * In the listener itself: `/ready` mustn't wait for a secret. All proxies have the same key, which is that of a server;
 * whoever asks needs a client's, with the control plane's name in it.
 */
const controlPlaneTls = onceFor(({ caPem, certificatePem, privateKeyPem }: AdminTls): TransportSocket =>
  mutualDownstream({
    tlsCertificates: [{ certificateChain: inline(certificatePem), privateKey: inline(privateKeyPem) }],
    validationContextType: {
      case: "validationContext",
      value: {
        trustedCa: inline(caPem),
        matchTypedSubjectAltNames: [{
          sanType: SubjectAltNameMatcher_SanType.DNS,
          matcher: { matchPattern: { case: "exact", value: ADMIN_CLIENT } }
        }]
      }
    }
  })
)

const listenerOf = (
  { address, port }: SocketAddress,
  filterChains: Array<MessageInitShape<typeof FilterChainSchema>>
): XdsResource =>
  toXdsResource(TypeUrl.Listener, ADMIN, ListenerSchema, {
    name: ADMIN,
    address: socketAddress(address, port),
    enableReusePort: false,
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: filterChains.length > 1 ? [tlsInspector] : [],
    filterChains
  })

const readyListener = (at: SocketAddress): XdsResource => listenerOf(at, [{ filters: [ready] }])

interface AskedInput extends SocketAddress {
  readonly host: string
}

/** One for each set of keys: they aren't part of what it is shared by. */
const askedListener = onceFor((tls: AdminTls) => ({ host, ...at }: AskedInput): XdsResource =>
  listenerOf(at, [
    { filterChainMatch: { transportProtocol: "raw_buffer" }, filters: [ready] },
    {
      filterChainMatch: { transportProtocol: "tls", serverNames: [host] },
      filters: [statistics],
      transportSocket: controlPlaneTls(tls)
    }
  ])
)

/** Where it listens. Null where the sidecar answers no `/ready`, or where Envoy itself holds that address. */
export const adminListens = (
  address: string,
  port: number | undefined,
  { admin, readiness }: Pick<TranslateSettings, "admin" | "readiness">
): SocketAddress | null => {
  const listens = port ?? admin?.port
  if (readiness === null || admin === null || listens === undefined || listens === 0) return null
  const others = admin.path === undefined ? [admin, readiness] : [readiness]
  const taken = others.some((own) =>
    own.port === listens && (own.address === address || own.address === "0.0.0.0" || own.address === "::")
  )
  return taken ? null : { address, port: listens }
}

export interface AdminInput {
  readonly proxy: ProxyId
  readonly address: string
  /** As its resource has it. */
  readonly port: number | undefined
}

export const adminResources = (
  { address, port, proxy }: AdminInput,
  settings: TranslateSettings,
  resources: Shared<XdsResource>
): ReadonlyArray<XdsResource> => {
  const { adminTls = null, readiness } = settings
  const at = adminListens(address, port, settings)
  const place = adminPlace(settings)
  if (at === null || readiness === null || place === null) return []
  const readinessCluster = resources.of(fixedCluster, { name: READINESS, place: readiness })
  return adminTls === null ? [resources.of(readyListener, at), readinessCluster] : [
    resources.of(askedListener(adminTls), { ...at, host: adminHost(proxy) }),
    readinessCluster,
    resources.of(fixedCluster, { name: ADMIN, place })
  ]
}
