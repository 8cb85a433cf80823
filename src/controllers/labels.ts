/** Docker labels and task tags by which a task's owner overrides what the operator derives. */

/** `15000`, or `5050:15000 6060:15001` (container port : inbound port) for several. */
export const INBOUND_PORT = "ecs-mesh.io/inbound-port"

/** `task` where the app listens on the task's address and not on loopback. */
export const SERVICE_ADDRESS = "ecs-mesh.io/service-address"

/** Port of the app where only the sidecar's container maps ports. */
export const SERVICE_PORT = "ecs-mesh.io/service-port"

/** `kv:15050 redis`: what the task calls, each with a port of its choice or the mesh's own for that service. */
export const OUTBOUNDS = "kuma.io/outbounds"

/** Envoy's admin port where the tasks share a host. */
export const ADMIN_PORT = "ecs-mesh.io/admin-port"

/** Splits at spaces and commas: ECS allows no comma in a tag's value. */
export const words = (text: string): ReadonlyArray<string> => text.split(/[\s,]+/).filter((word) => word !== "")

/** A decimal port, or null. */
export const parsePort = (text: string): number | null => {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port > 0 && port <= 65_535 ? port : null
}

/** Where other zones reach an ingress, if not at its task's address; they come together. */
export const ADVERTISED_ADDRESS = "ecs-mesh.io/advertised-address"
export const ADVERTISED_PORT = "ecs-mesh.io/advertised-port"
