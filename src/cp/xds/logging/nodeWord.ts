/** What an Envoy can say of itself in its access log, from its node's metadata. */

/**
 * What stands there under these keys, one in the other.
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes#xds-attributes
 */
export const ofNode = (...keys: ReadonlyArray<string>): string =>
  `%CEL(xds.node.metadata${keys.map((key) => `['${key}']`).join("")})%`

/**
 * Envoy's own word where it has it, so that the same listener serves every proxy; else, and where it has another
 * (a service that was renamed since it started), the word itself.
 */
export const nodeWord = (actual: string, known: string | null | undefined, key: string): string =>
  actual === known ? ofNode(key) : actual
