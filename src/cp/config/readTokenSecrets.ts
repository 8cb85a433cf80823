/** How dataplane tokens are kept in Secrets Manager, from environment variables. */
import type { TokenSecretsSettings } from "./ControlPlaneConfig.ts"
import type { Environment } from "./Environment.ts"

/** A lone slash stands for no prefix: an empty variable counts as unset. */
export const SECRET_NAME_PREFIX = "ECS_MESH_SECRET_NAME_PREFIX"

const HOUR = 3_600_000

/** A task keeps the token that it started with, so a year; it begins with a third of that at least. */
const VALID_FOR = 365 * 24 * HOUR

export const readTokenSecrets = (env: Environment): TokenSecretsSettings => {
  const validForMillis = env.millis("ECS_MESH_TOKEN_VALIDITY", VALID_FOR)
  const rotateBeforeMillis = env.optional("ECS_MESH_TOKEN_ROTATE_BEFORE") === null
    ? null
    : env.millis("ECS_MESH_TOKEN_ROTATE_BEFORE", 0)
  if (validForMillis < HOUR) env.problems.push("ECS_MESH_TOKEN_VALIDITY: must be an hour (1h) or more")
  if (rotateBeforeMillis !== null && rotateBeforeMillis >= validForMillis) {
    env.problems.push("ECS_MESH_TOKEN_ROTATE_BEFORE: must be less than ECS_MESH_TOKEN_VALIDITY")
  }
  return {
    secretNamePrefix: env.text(SECRET_NAME_PREFIX, ""),
    validForMillis,
    rotateBeforeMillis,
    endpoint: env.optional("AWS_ENDPOINT_URL_SECRETS_MANAGER") ?? env.optional("AWS_ENDPOINT_URL")
  }
}
