/** Which proxy an Envoy node says it is. Pure. */
import { MAX_NAME_LENGTH, parseProxyType, PROXY_TYPES, type ProxyId } from "../../model/ProxyType.ts"

/** What of Envoy's `Node` is read. */
export interface NodeIdentity {
  readonly id: string
  readonly metadata: Readonly<Record<string, unknown>>
}

export type NodeProxy =
  | { readonly _tag: "Proxy"; readonly proxy: ProxyId }
  | { readonly _tag: "Invalid"; readonly message: string }

const MAX_ID_LENGTH = MAX_NAME_LENGTH + ".".length + MAX_NAME_LENGTH

/** Node ids are `<mesh>.<name>`, of zone proxies `.<name>`; the type is in the metadata. */
export const nodeProxy = (node: NodeIdentity): NodeProxy => {
  // Not quoted, nor read any further: refusals are kept in the journal, and anybody may be refused.
  if (node.id.length > MAX_ID_LENGTH) return invalid(`the node id has more than ${MAX_ID_LENGTH} characters`)
  const dot = node.id.indexOf(".")
  const mesh = node.id.slice(0, Math.max(dot, 0))
  const name = node.id.slice(dot + 1)
  const declared = node.metadata["dataplane.proxyType"]
  const proxyType = parseProxyType(declared === undefined || declared === "" ? "dataplane" : declared)
  if (dot < 0 || name === "") {
    return invalid(
      `node id "${node.id}" must be <mesh>.<name>; start Envoy with the configuration that /bootstrap gives`
    )
  }
  if (proxyType === undefined) {
    return invalid(`node metadata dataplane.proxyType must be one of ${PROXY_TYPES.join(", ")}`)
  }
  if ((proxyType === "dataplane") === (mesh === "")) {
    return invalid(
      proxyType === "dataplane"
        ? `node id "${node.id}" names no mesh; a dataplane's is <mesh>.<name>`
        : `node id "${node.id}" names a mesh, which an ${proxyType} has not; its id is .<name>`
    )
  }
  return { _tag: "Proxy", proxy: { proxyType, mesh, name } }
}

const invalid = (message: string): NodeProxy => ({ _tag: "Invalid", message })
