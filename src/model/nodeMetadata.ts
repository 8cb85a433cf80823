/** What of ours stands in the metadata of a proxy's node, so that its Envoy can say in its access log who it is. */

/** The proxy's name. */
export const NODE_PROXY = "ecs-mesh.proxy"

/** The service that its calls come from. */
export const NODE_SOURCE = "ecs-mesh.source"
