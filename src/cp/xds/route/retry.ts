/**
 * Which failed requests are sent again, and where to, for as long as no MeshRetry says so.
 *
 * A request that may have reached a workload is repeated only where RFC 9110 calls its method safe
 * (https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1). Any request is repeated that surely reached none:
 *  - connect-failure, refused-stream, reset-before-request: it never left, or the other end says that it wasn't begun
 *    (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on);
 *  - `UNDELIVERED`: the other end's proxy got it, but could reach no workload behind it.
 * That is what a deploy is made of: an instance going away between the news of it and the request.
 */
import { create } from "@bufbuild/protobuf"
import { type HeaderMatcher, HeaderMatcherSchema } from "../../proto/envoy/config/route/v3/route_components_pb.js"
import {
  PreviousHostsPredicateSchema
} from "../../proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js"
import { packAny } from "../packAny.ts"

/** Header of a response that an inbound's proxy makes up itself because it could not connect to its workload. */
export const UNDELIVERED = "x-ecs-mesh-undelivered"

export const SAFE_METHODS = "GET|HEAD|OPTIONS|TRACE"

const NOT_DELIVERED = "connect-failure,refused-stream,reset-before-request,retriable-headers"

export const onUndelivered: HeaderMatcher = create(HeaderMatcherSchema, {
  name: UNDELIVERED,
  headerMatchSpecifier: { case: "presentMatch", value: true }
})

/** Another instance than those tried before. */
export const omitPreviousHosts = {
  name: "envoy.retry_host_predicates.previous_hosts",
  configType: { case: "typedConfig", value: packAny(PreviousHostsPredicateSchema) }
} as const

export const DEFAULT_RETRIES = 5
/** Three draws find another instance almost surely, where there is one; more only burn time. */
export const DEFAULT_HOST_ATTEMPTS = 3
/** Milliseconds. */
export const DEFAULT_BASE_INTERVAL = 25
export const DEFAULT_MAX_INTERVAL = 250

/** `retry_on` of requests that may not be repeated once they reached a workload. */
export const RETRY_ANY = NOT_DELIVERED

/** Of those that may. */
export const RETRY_SAFE = `${NOT_DELIVERED},reset,gateway-error`
