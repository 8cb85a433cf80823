/**
 * Labels of our own: by most of them the operator tells the control plane how to translate a Dataplane that it wrote.
 */

/** All of them begin so. What a proxy says of itself may hold none. */
export const LABEL_PREFIX = "ecs-mesh.io/"

/** The task's id. A Dataplane with it belongs to the operator. */
export const TASK_LABEL = "ecs-mesh.io/task"

/**
 * Its proxy brought it along: it goes some time after its proxy has. Whoever writes it otherwise writes it without that:
 * what a person wrote stays.
 */
export const BROUGHT_LABEL = "ecs-mesh.io/brought"

/** `all`: the proxy gets an outbound for every service of its mesh, on the OutboundPort of that name. */
export const OUTBOUNDS_LABEL = "ecs-mesh.io/outbounds"

/** `loopback`, or `task`: where those outbounds listen. */
export const OUTBOUND_ADDRESS_LABEL = "ecs-mesh.io/outbound-address"

/**
 * `true`: the task shall stop, but its workload still answers. Its inbounds aren't ready and get no traffic, unless
 * the service has nobody else.
 */
export const LAST_RESORT_LABEL = "ecs-mesh.io/last-resort"

/** `ecs-mesh.io/listen-<port>`: what Envoy binds, on all addresses, where Docker maps the host's `<port>` to it. */
export const LISTEN_LABEL_PREFIX = "ecs-mesh.io/listen-"
