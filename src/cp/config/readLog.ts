/** The log's settings. */
import type { Environment } from "./Environment.ts"
import type { LogConfig } from "./LogConfig.ts"

const LEVELS = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const

export const readLog = (env: Environment): LogConfig => ({
  format: env.oneOf("ECS_MESH_LOG_FORMAT", ["logfmt", "json"], "logfmt"),
  level: LEVELS[env.oneOf("ECS_MESH_LOG_LEVEL", ["debug", "info", "warn", "error"], "info")]
})
