/** The three kinds of proxy, in the words of the role tag `kuma.io/type`. */
export type ProxyType = "dataplane" | "ingress" | "egress"

/** Names one proxy. `mesh` is the empty string for zone proxies. */
export interface ProxyId {
  readonly proxyType: ProxyType
  readonly mesh: string
  readonly name: string
}

/** Envoy's node id: `<mesh>.<name>`; a zone proxy has no mesh: `.<name>`. */
export const nodeId = (proxy: ProxyId): string => `${proxy.mesh}.${proxy.name}`
