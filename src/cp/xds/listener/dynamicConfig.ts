/**
 * What kuma-dp itself is told while it runs: it asks its Envoy, on a socket of both, which answers what stands here.
 * An answer's digest is its ETag, so that nothing is read twice.
 */
import { hash } from "node:crypto"
import { ListenerSchema } from "../../proto/envoy/config/listener/v3/listener_pb.js"
import {
  HttpConnectionManagerSchema
} from "../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import { pipeAddress } from "../cluster/fixed.ts"
import { statName } from "../names.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { filter, internalAddresses, router } from "./filters.ts"

export const DYNAMIC_CONFIG = "_kuma:dynamicconfig"

export interface DynamicConfigInput {
  readonly socket: string
  /** What is asked for, such as `/meshmetric`, and what is answered to it. */
  readonly path: string
  readonly body: string
}

export const dynamicConfigListener = ({ body, path, socket }: DynamicConfigInput): XdsResource => {
  const etag = hash("sha256", body)
  const route = `${DYNAMIC_CONFIG}:${path}`
  return toXdsResource(TypeUrl.Listener, DYNAMIC_CONFIG, ListenerSchema, {
    name: DYNAMIC_CONFIG,
    address: pipeAddress(socket),
    filterChains: [{
      filters: [
        filter("envoy.filters.network.http_connection_manager", HttpConnectionManagerSchema, {
          statPrefix: statName(DYNAMIC_CONFIG),
          internalAddressConfig: internalAddresses,
          httpFilters: [router],
          routeSpecifier: {
            case: "routeConfig",
            value: {
              maxDirectResponseBodySizeBytes: Buffer.byteLength(body),
              virtualHosts: [{
                name: DYNAMIC_CONFIG,
                domains: ["*"],
                routes: [
                  {
                    match: {
                      pathSpecifier: { case: "path", value: path },
                      headers: [{
                        name: "if-none-match",
                        headerMatchSpecifier: {
                          case: "stringMatch", value: { matchPattern: { case: "exact", value: etag } }
                        }
                      }]
                    },
                    action: { case: "directResponse", value: { status: 304 } }
                  },
                  {
                    name: route,
                    match: { pathSpecifier: { case: "path", value: path } },
                    responseHeadersToAdd: [{ header: { key: "etag", value: etag } }],
                    action: {
                      case: "directResponse",
                      value: { status: 200, body: { specifier: { case: "inlineString", value: body } } }
                    }
                  }
                ]
              }]
            }
          }
        })
      ]
    }]
  })
}
