/** The three kinds of proxy, in the words of the role tag `kuma.io/type`. */
export const PROXY_TYPES = ["dataplane", "ingress", "egress"] as const
export type ProxyType = (typeof PROXY_TYPES)[number]

/** The proxy type that a text from outside names, or undefined. */
export const parseProxyType = (text: unknown): ProxyType | undefined => PROXY_TYPES.find((type) => type === text)

/** Names one proxy. `mesh` is the empty string for zone proxies. */
export interface ProxyId {
  readonly proxyType: ProxyType
  readonly mesh: string
  readonly name: string
}

/** Characters of the longest name that the store takes, a mesh's or a proxy's: a longer one is nobody's. */
export const MAX_NAME_LENGTH = 253

/** Envoy's node id: `<mesh>.<name>`; a zone proxy has no mesh: `.<name>`. */
export const nodeId = (proxy: ProxyId): string => `${proxy.mesh}.${proxy.name}`
