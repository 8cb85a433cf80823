/** By which names a control plane and an Envoy that it asks know each other. */
import { createHash } from "node:crypto"
import { nodeId, type ProxyId } from "../../model/ProxyType.ts"

/** In the control plane's certificate, as Kuma's has it. */
export const ADMIN_CLIENT = "kuma-cp"

/** In the certificate that all Envoys have in common. */
export const ADMIN_SERVER = "envoy-admin"

/** The host (SNI) that this proxy answers for, and no other does: an address may be another's by now. */
export const adminHost = (proxy: ProxyId): string =>
  `${createHash("sha256").update(`${proxy.proxyType} ${nodeId(proxy)}`).digest("hex").slice(0, 32)}.${ADMIN_SERVER}`
