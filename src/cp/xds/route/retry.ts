/**
 * Which failed requests are sent again, and where to. Until there is a policy for it, every outbound has these.
 *
 * A request that may have reached a workload is repeated only where RFC 9110 calls its method safe
 * (https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1). Any request is repeated that surely reached none:
 *  - connect-failure, refused-stream, reset-before-request: it never left, or the other end says that it wasn't begun
 *    (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on);
 *  - `UNDELIVERED`: the other end's proxy got it, but could reach no workload behind it.
 * That is what a deploy is made of: an instance going away between the news of it and the request.
 */
import { create } from "@bufbuild/protobuf"
import { type RetryPolicy, RetryPolicySchema } from "../../proto/envoy/config/route/v3/route_components_pb.js"
import {
  PreviousHostsPredicateSchema
} from "../../proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js"
import { duration } from "../duration.ts"
import { packAny } from "../packAny.ts"

/** Header of a response that an inbound's proxy makes up itself because it could not connect to its workload. */
export const UNDELIVERED = "x-ecs-mesh-undelivered"

export const SAFE_METHODS = "GET|HEAD|OPTIONS|TRACE"

const NOT_DELIVERED = "connect-failure,refused-stream,reset-before-request,retriable-headers"

const policy = (retryOn: string): RetryPolicy => create(RetryPolicySchema, {
  retryOn,
  numRetries: 5,
  retriableHeaders: [{
    name: UNDELIVERED,
    headerMatchSpecifier: { case: "presentMatch", value: true }
  }],
  // Another instance, where there is one: three draws find it almost surely, more only burn time.
  retryHostPredicate: [{
    name: "envoy.retry_host_predicates.previous_hosts",
    configType: { case: "typedConfig", value: packAny(PreviousHostsPredicateSchema) }
  }],
  hostSelectionRetryMaxAttempts: 3n,
  retryBackOff: { baseInterval: duration(25), maxInterval: duration(250) }
})

export const retryOfAny = policy(NOT_DELIVERED)

export const retryOfSafe = policy(`${NOT_DELIVERED},reset,gateway-error`)
