/**
 * How Envoy looks names up: where nobody answers it gives up after some 13 s (docs/decisions/014-a-silent-resolver.md).
 * Its own times, 5 s and four tries, each twice as long as the one before, would hold up its start by minutes.
 * https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/network/dns_resolver/cares/v3/cares_dns_resolver.proto
 */
import { renderedOnce } from "./renderYaml.ts"

/** Of Envoy 1.x: the first that is known to have these fields. An older one wouldn't start on what it doesn't know. */
export const BOUNDED_SINCE = 34

export const DNS_RESOLVER = renderedOnce({
  name: "envoy.network.dns_resolver.cares",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
    query_timeout_seconds: 1,
    query_tries: 3
  }
})
