/**
 * What a sidecar's presigned GetCallerIdentity request is good for: one control plane, one proxy.
 * The sidecar signs this value as a header; the control plane computes it anew from its own audience and the
 * claim, so a token for anything else has another signature.
 */
import { createHash, X509Certificate } from "node:crypto"
import type { ProxyId } from "./ProxyType.ts"

/** Start of every token; the rest is the presigned URL in unpadded base64url. */
export const IAM_TOKEN_PREFIX = "ecs-mesh-aws-v1."

/** The signed header that carries the binding; lower-case as SigV4 signs it. */
export const BINDING_HEADER = "x-ecs-mesh-binding"

/**
 * Hex SHA-256 over the JSON array of the parts: no separator that a name may contain, nothing that
 * SigV4's folding of spaces could change.
 */
export const bindingValue = (audience: string, proxy: ProxyId): string =>
  createHash("sha256")
    .update(JSON.stringify(["ecs-mesh-binding-v1", audience, proxy.proxyType, proxy.mesh, proxy.name]))
    .digest("hex")

/**
 * The audience of a control plane that wasn't given a name: the fingerprint of the CA that its sidecars verify
 * it with. A sidecar knows it on its own, so another control plane can't talk it into a token for this one.
 */
export const caAudience = (caPem: string): string =>
  `ca-sha256:${new X509Certificate(caPem).fingerprint256.replaceAll(":", "").toLowerCase()}`
