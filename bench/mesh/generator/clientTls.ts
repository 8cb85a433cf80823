/**
 * How simulated sidecars speak TLS. One context serves all of them: making one takes about a millisecond. The
 * certificate isn't verified: that would cost the generator's CPU and none of the subject's.
 */
import { createSecureContext } from "node:tls"

export const clientTls = {
  secureContext: createSecureContext(),
  rejectUnauthorized: false,
  servername: "localhost"
}
