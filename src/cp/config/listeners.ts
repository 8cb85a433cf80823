/** Where the servers listen, and the variables that say so. */
import type { Listen } from "./ControlPlaneConfig.ts"
import type { Environment } from "./Environment.ts"

/** The address of each server that has none of its own. */
export const BIND_ADDRESS = "ECS_MESH_BIND_ADDRESS"

const EVERYWHERE = "0.0.0.0"

/** The names of a server's variables. */
export interface ListenVariables {
  readonly address: string
  readonly port: string
}

export const DATAPLANES: ListenVariables = { address: "ECS_MESH_DP_SERVER_ADDRESS", port: "KUMA_DP_SERVER_PORT" }
export const DIAGNOSTICS: ListenVariables = {
  address: "ECS_MESH_DIAGNOSTICS_ADDRESS",
  port: "KUMA_DIAGNOSTICS_SERVER_PORT"
}
export const MONITORING: ListenVariables = {
  address: "ECS_MESH_MONITORING_ASSIGNMENT_SERVER_ADDRESS",
  port: "KUMA_MONITORING_ASSIGNMENT_SERVER_PORT"
}
export const API = {
  http: { address: "KUMA_API_SERVER_HTTP_INTERFACE", port: "KUMA_API_SERVER_HTTP_PORT" },
  https: { address: "KUMA_API_SERVER_HTTPS_INTERFACE", port: "KUMA_API_SERVER_HTTPS_PORT" }
} as const satisfies Readonly<Record<string, ListenVariables>>

/** A problem of the address that all have is told once, by `checkBindAddress`. */
export const readListen = (env: Environment, { address, port }: ListenVariables, otherwise: number): Listen => ({
  address: env.address(address, env.text(BIND_ADDRESS, EVERYWHERE)),
  port: env.port(port, otherwise)
})

export const checkBindAddress = (env: Environment): void => void env.address(BIND_ADDRESS, EVERYWHERE)
