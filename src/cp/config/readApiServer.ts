/** The API server's settings, by Kuma's names where Kuma has them. */
import type { AccessConfig, Grant } from "../auth/user/Access.ts"
import { ADMIN_GROUP, ADMIN_NAME } from "../auth/user/User.ts"
import type { ApiServerConfig } from "./ApiServerConfig.ts"
import type { Environment } from "./Environment.ts"
import { API, readListen } from "./listeners.ts"

const ADMINS: Grant = { users: [ADMIN_NAME], groups: [ADMIN_GROUP] }
const EVERYBODY: Grant = { users: [], groups: ["mesh-system:unauthenticated", "mesh-system:authenticated"] }

/** A variable that is set to nothing grants to nobody, as Kuma has it. */
const names = (env: Environment, name: string, otherwise: ReadonlyArray<string>): ReadonlyArray<string> =>
  env.isSet(name) ? env.list(name) : otherwise

const grant = (env: Environment, what: string, { groups, users }: Grant): Grant => ({
  users: names(env, `KUMA_ACCESS_STATIC_${what}_USERS`, users),
  groups: names(env, `KUMA_ACCESS_STATIC_${what}_GROUPS`, groups)
})

const readAccess = (env: Environment): AccessConfig => {
  // Kuma's other types are its enterprise editions'.
  env.oneOf("KUMA_ACCESS_TYPE", ["static"], "static")
  return {
    adminResources: grant(env, "ADMIN_RESOURCES", ADMINS),
    generateDpToken: grant(env, "GENERATE_DP_TOKEN", ADMINS),
    generateUserToken: grant(env, "GENERATE_USER_TOKEN", ADMINS),
    generateZoneToken: grant(env, "GENERATE_ZONE_TOKEN", ADMINS),
    viewConfigDump: grant(env, "GET_CONFIG_DUMP", EVERYBODY),
    viewStats: grant(env, "VIEW_STATS", EVERYBODY),
    viewClusters: grant(env, "VIEW_CLUSTERS", EVERYBODY),
    controlPlaneMetadata: grant(env, "CONTROL_PLANE_METADATA", EVERYBODY)
  }
}

const TLS_VERSIONS = { TLSv1_2: "TLSv1.2", TLSv1_3: "TLSv1.3" } as const

const readClientCertificates = (env: Environment): ApiServerConfig["clientCertificates"] => {
  const dir = env.optional("KUMA_API_SERVER_AUTH_CLIENT_CERTS_DIR")
  const caFile = env.optional("KUMA_API_SERVER_HTTPS_TLS_CA_FILE")
  const required = env.flag("KUMA_API_SERVER_HTTPS_REQUIRE_CLIENT_CERT", false)
  if (required && dir === null && caFile === null) {
    env.problems.push(
      "KUMA_API_SERVER_HTTPS_REQUIRE_CLIENT_CERT: needs certificates to go by: set KUMA_API_SERVER_HTTPS_TLS_CA_FILE " +
        "or KUMA_API_SERVER_AUTH_CLIENT_CERTS_DIR"
    )
  }
  return { dir, caFile, required }
}

const readAuthn = (env: Environment, certificates: ApiServerConfig["clientCertificates"]): ApiServerConfig["authn"] => {
  const type = env.oneOf("KUMA_API_SERVER_AUTHN_TYPE", ["tokens", "adminClientCerts"], "tokens")
  if (type === "adminClientCerts" && certificates.dir === null && certificates.caFile === null) {
    env.problems.push(
      "KUMA_API_SERVER_AUTHN_TYPE: adminClientCerts needs KUMA_API_SERVER_AUTH_CLIENT_CERTS_DIR, the folder of the " +
        "administrators' certificates"
    )
  }
  if (!env.flag("KUMA_API_SERVER_AUTHN_TOKENS_VALIDATOR_USE_SECRETS", true)) {
    env.problems.push(
      "KUMA_API_SERVER_AUTHN_TOKENS_VALIDATOR_USE_SECRETS: false isn't offered: public keys are kept as " +
        "GlobalSecrets user-token-signing-key-N here; leave it out"
    )
  }
  return {
    type,
    localhostIsAdmin: env.flag("KUMA_API_SERVER_AUTHN_LOCALHOST_IS_ADMIN", true),
    bootstrapAdminToken: env.flag("KUMA_API_SERVER_AUTHN_TOKENS_BOOTSTRAP_ADMIN_TOKEN", true),
    issuesTokens: env.flag("KUMA_API_SERVER_AUTHN_TOKENS_ENABLE_ISSUER", true)
  }
}

export const ANONYMOUS_ACCESS = "ECS_MESH_API_SERVER_ANONYMOUS_ACCESS"

export const readApiServer = (env: Environment): ApiServerConfig => {
  const clientCertificates = readClientCertificates(env)
  const minVersion = env.oneOf("KUMA_API_SERVER_HTTPS_TLS_MIN_VERSION", ["TLSv1_2", "TLSv1_3"], "TLSv1_2")
  const readHeaderMillis = env.millis("KUMA_API_SERVER_READ_HEADER_TIMEOUT", 5_000)
  return {
    http: {
      enabled: env.flag("KUMA_API_SERVER_HTTP_ENABLED", true),
      ...readListen(env, API.http, 5681)
    },
    https: {
      enabled: env.flag("KUMA_API_SERVER_HTTPS_ENABLED", true),
      ...readListen(env, API.https, 5682),
      minVersion: TLS_VERSIONS[minVersion]
    },
    authn: readAuthn(env, clientCertificates),
    clientCertificates,
    anonymousAccess: env.flag(ANONYMOUS_ACCESS, false),
    access: readAccess(env),
    readOnly: env.flag("KUMA_API_SERVER_READ_ONLY", false),
    limits: {
      requestsPerSecond: env.integer("ECS_MESH_API_SERVER_REQUESTS_PER_SECOND", 500, 0, 1_000_000),
      connections: env.integer("ECS_MESH_API_SERVER_CONNECTIONS", 2_048, 1, 1_000_000),
      connectionsOfOne: env.integer("ECS_MESH_API_SERVER_CONNECTIONS_PER_ADDRESS", 512, 1, 1_000_000),
      readHeaderMillis,
      readMillis: Math.max(readHeaderMillis, env.millis("KUMA_API_SERVER_READ_TIMEOUT", 10_000)),
      writeMillis: env.millis("KUMA_API_SERVER_WRITE_TIMEOUT", 30_000),
      idleMillis: env.millis("KUMA_API_SERVER_IDLE_TIMEOUT", 120_000)
    }
  }
}
