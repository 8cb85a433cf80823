/**
 * How simulated sidecars speak TLS. One context serves all of a process: making one takes about a millisecond. The
 * certificate isn't verified: that would cost the generator's CPU and none of the subject's.
 */
import { createSecureContext } from "node:tls"

const unverified = { rejectUnauthorized: false, servername: "localhost" }

/** kuma-dp's, for the bootstrap. */
export const sidecarTls = { ...unverified, secureContext: createSecureContext() }

/**
 * Envoy's, for ADS. "By default, it's TLSv1_2 for clients and TLSv1_3 for servers."
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto
 */
export const envoyTls = {
  ...unverified,
  secureContext: createSecureContext({ maxVersion: "TLSv1.2" }),
  ALPNProtocols: ["h2"]
}
