/** What of ours stands in the metadata of a proxy's node, so that its Envoy can say in its access log who it is. */

/** The proxy's name. */
export const NODE_PROXY = "ecs-mesh.proxy"

/** The service that its calls come from. */
export const NODE_SOURCE = "ecs-mesh.source"

/** The address by which it is known. */
export const NODE_ADDRESS = "ecs-mesh.address"

/**
 * A word that only our sidecar and its Envoy know, in `dynamicMetadata` and in each line that the sidecar is to carry to
 * another host: a line that somebody else had written looks otherwise.
 */
export const LINE_KEY = "ecs-mesh.line"
