import { describe, expect, it } from "vitest"
import { Environment } from "../../../src/cp/config/Environment.ts"
import { readApiServer } from "../../../src/cp/config/readApiServer.ts"

const read = (variables: Readonly<Record<string, string>> = {}) => {
  const env = new Environment(variables)
  return { config: readApiServer(env), problems: env.problems }
}

describe("the API server's settings", () => {
  it("are Kuma's where nothing is set, but that nobody unknown comes in", () => {
    const { config, problems } = read()
    expect(problems).toEqual([])
    expect(config).toMatchObject({
      http: { enabled: true, address: "0.0.0.0", port: 5681 },
      https: { enabled: true, address: "0.0.0.0", port: 5682, minVersion: "TLSv1.2" },
      authn: { type: "tokens", localhostIsAdmin: true, bootstrapAdminToken: true, issuesTokens: true },
      clientCertificates: { dir: null, caFile: null, required: false },
      anonymousAccess: false,
      readOnly: false
    })
    const admins = { users: ["mesh-system:admin"], groups: ["mesh-system:admin"] }
    const everybody = { users: [], groups: ["mesh-system:unauthenticated", "mesh-system:authenticated"] }
    expect(config.access).toEqual({
      adminResources: admins, generateDpToken: admins, generateZoneToken: admins, generateUserToken: admins,
      viewConfigDump: everybody, viewStats: everybody, viewClusters: everybody, controlPlaneMetadata: everybody
    })
  })

  it("grant to whom Kuma's variables name, and to nobody where they name nobody", () => {
    const { config } = read({
      KUMA_ACCESS_STATIC_ADMIN_RESOURCES_USERS: "ann, bob",
      KUMA_ACCESS_STATIC_ADMIN_RESOURCES_GROUPS: "",
      KUMA_ACCESS_STATIC_GET_CONFIG_DUMP_GROUPS: "ops"
    })
    expect(config.access.adminResources).toEqual({ users: ["ann", "bob"], groups: [] })
    expect(config.access.viewConfigDump).toEqual({ users: [], groups: ["ops"] })
  })

  it("take client certificates only with something to go by", () => {
    const variables = {
      KUMA_API_SERVER_AUTHN_TYPE: "adminClientCerts",
      KUMA_API_SERVER_AUTH_CLIENT_CERTS_DIR: "/certs",
      KUMA_API_SERVER_HTTPS_TLS_CA_FILE: "/ca.pem",
      KUMA_API_SERVER_HTTPS_REQUIRE_CLIENT_CERT: "true",
      KUMA_API_SERVER_HTTPS_TLS_MIN_VERSION: "TLSv1_3"
    }
    const { config, problems } = read(variables)
    expect(problems).toEqual([])
    expect(config).toMatchObject({
      authn: { type: "adminClientCerts" },
      https: { minVersion: "TLSv1.3" },
      clientCertificates: { dir: "/certs", caFile: "/ca.pem", required: true }
    })
    const without = read({
      KUMA_API_SERVER_AUTHN_TYPE: "adminClientCerts", KUMA_API_SERVER_HTTPS_REQUIRE_CLIENT_CERT: "true"
    })
    expect(without.problems.map((problem) => problem.split(":")[0])).toEqual([
      "KUMA_API_SERVER_HTTPS_REQUIRE_CLIENT_CERT", "KUMA_API_SERVER_AUTHN_TYPE"
    ])
  })

  it.each([
    ["KUMA_ACCESS_TYPE", "rbac"], ["KUMA_API_SERVER_AUTHN_TYPE", "oidc"],
    ["KUMA_API_SERVER_AUTHN_TOKENS_VALIDATOR_USE_SECRETS", "false"], ["KUMA_API_SERVER_HTTPS_TLS_MIN_VERSION", "TLSv1_0"]
  ])("don't pass over %s=%s, which isn't offered", (name, value) => {
    expect(read({ [name]: value }).problems).toEqual([expect.stringContaining(`${name}:`)])
  })

  it("give a whole request at least the time of its head", () => {
    const { config } = read({ KUMA_API_SERVER_READ_HEADER_TIMEOUT: "20s", KUMA_API_SERVER_READ_TIMEOUT: "1s" })
    expect(config.limits).toMatchObject({ readHeaderMillis: 20_000, readMillis: 20_000 })
  })
})
