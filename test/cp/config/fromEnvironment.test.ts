import { describe, expect, it } from "vitest"
import { configProblems, fromEnvironment, type Variables } from "../../../src/cp/config/fromEnvironment.ts"
import type { ControlPlaneConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"

const read = (variables: Variables, aws = true): ControlPlaneConfig => {
  const result = fromEnvironment(variables, { aws })
  if (result._tag === "Problems") throw new Error(result.problems.join("; "))
  return result.config
}

const problems = (variables: Variables, aws = true): ReadonlyArray<string> => {
  const result = fromEnvironment(variables, { aws })
  return result._tag === "Problems" ? result.problems : []
}

const minimal = { AWS_REGION: "eu-west-1", KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: "111122223333" }

describe("configuration from the environment", () => {
  it("takes Kuma's defaults where nothing is set", () => {
    const config = read(minimal)
    expect(config.dpServer.port).toBe(5678)
    expect(config.apiServer.http.port).toBe(5681)
    expect(config.apiServer.https.port).toBe(5682)
    expect(config.diagnostics.port).toBe(5680)
    expect(config.bootstrap.adminPort).toBe(9901)
    expect(config.bootstrap.readinessPort).toBe(9902)
    expect(config.store.type).toBe("embedded")
    expect(config.dpServer.authn.dpProxyType).toBe("aws-iam")
    expect(config.dpServer.authn.stsHosts).toEqual(["sts.eu-west-1.amazonaws.com"])
  })

  it("reads the names that Kong's CloudFormation sets", () => {
    const config = read({
      ...minimal,
      KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: "aws-iam",
      KUMA_DP_SERVER_AUTHN_ZONE_PROXY_TYPE: "aws-iam",
      KUMA_DP_SERVER_AUTHN_ENABLE_RELOADABLE_TOKENS: "true",
      KUMA_STORE_TYPE: "postgres",
      KUMA_STORE_POSTGRES_HOST: "db.internal",
      KUMA_STORE_POSTGRES_PORT: "5432",
      KUMA_STORE_POSTGRES_USER: "u",
      KUMA_STORE_POSTGRES_PASSWORD: "p",
      KUMA_STORE_POSTGRES_DB_NAME: "mesh",
      KUMA_STORE_POSTGRES_TLS_MODE: "verifyFull",
      KUMA_MULTIZONE_ZONE_NAME: "ecs-1",
      KUMA_GENERAL_WORK_DIR: "/var/lib/kuma"
    })
    expect(config.store).toMatchObject({ type: "postgres", host: "db.internal", port: 5432, dbName: "mesh" })
    expect(config.zone).toBe("ecs-1")
    expect(config.aws?.queueName).toBe("ecs-mesh-ecs-1")
    expect(config.workDir).toBe("/var/lib/kuma")
  })

  it("tells every problem at once, each by its variable", () => {
    const told = problems({
      KUMA_DP_SERVER_PORT: "70000",
      KUMA_API_SERVER_HTTP_ENABLED: "maybe",
      KUMA_XDS_SERVER_NACK_BACKOFF: "soon",
      KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: "12",
      KUMA_GENERAL_TLS_CERT_FILE: "/cert.pem"
    })
    expect(told.map((problem) => problem.split(":")[0])).toEqual([
      "AWS_REGION",
      "KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS",
      "KUMA_GENERAL_TLS_CERT_FILE and KUMA_GENERAL_TLS_KEY_FILE",
      "KUMA_DP_SERVER_PORT",
      "KUMA_API_SERVER_HTTP_ENABLED",
      "KUMA_XDS_SERVER_NACK_BACKOFF"
    ])
  })

  it("has every server listen at one address where that is set, but where a server has its own", () => {
    const listening = (variables: Variables) => {
      const { apiServer: { http, https }, diagnostics, dpServer, monitoring } = read({ ...minimal, ...variables })
      return [dpServer, http, https, diagnostics, monitoring].map(({ address, port }) => [address, port])
    }
    const ports = [5678, 5681, 5682, 5680, 5676]
    const all = (address: string) => ports.map((port) => [address, port])
    expect(listening({})).toEqual(all("0.0.0.0"))
    expect(listening({ ECS_MESH_BIND_ADDRESS: "::1" })).toEqual(all("::1"))
    const own = [
      "ECS_MESH_DP_SERVER_ADDRESS", "KUMA_API_SERVER_HTTP_INTERFACE", "KUMA_API_SERVER_HTTPS_INTERFACE",
      "ECS_MESH_DIAGNOSTICS_ADDRESS", "ECS_MESH_MONITORING_ASSIGNMENT_SERVER_ADDRESS"
    ]
    for (const [index, name] of own.entries()) {
      expect(listening({ ECS_MESH_BIND_ADDRESS: "127.0.0.1", [name]: "10.0.0.1" }), name).toEqual(
        ports.map((port, of) => [of === index ? "10.0.0.1" : "127.0.0.1", port])
      )
    }
  })

  it("refuses an address that is none, once", () => {
    const remedy = "must be an address of this machine such as 127.0.0.1 or ::1, without a port, but is"
    expect(problems({ ...minimal, ECS_MESH_BIND_ADDRESS: "127.0.0.1:5678" })).toEqual([
      `ECS_MESH_BIND_ADDRESS: ${remedy} "127.0.0.1:5678"`
    ])
    expect(problems({ ...minimal, KUMA_API_SERVER_HTTP_INTERFACE: "[::1]" })).toEqual([
      `KUMA_API_SERVER_HTTP_INTERFACE: ${remedy} "[::1]"`
    ])
    expect(problems({ ...minimal, KUMA_API_SERVER_HTTP_INTERFACE: "localhost" })).toEqual([])
  })

  it("refuses to start with an empty list of accounts, as that would refuse everybody", () => {
    expect(problems({ AWS_REGION: "eu-west-1" })).toHaveLength(1)
  })

  it("takes a certificate and its key from the same place", () => {
    const general = { KUMA_GENERAL_TLS_CERT_FILE: "/g.crt", KUMA_GENERAL_TLS_KEY_FILE: "/g.key" }
    expect(read({ ...minimal, ...general }).tls).toMatchObject({ certFile: "/g.crt", keyFile: "/g.key" })
    const own = { KUMA_DP_SERVER_TLS_CERT_FILE: "/d.crt", KUMA_DP_SERVER_TLS_KEY_FILE: "/d.key" }
    expect(read({ ...minimal, ...general, ...own }).tls).toMatchObject({ certFile: "/d.crt", keyFile: "/d.key" })
    expect(problems({ ...minimal, ...general, KUMA_DP_SERVER_TLS_CERT_FILE: "/d.crt" })).toEqual([
      "KUMA_DP_SERVER_TLS_CERT_FILE and KUMA_DP_SERVER_TLS_KEY_FILE: set both or none"
    ])
  })

  it("names the variables that have no effect, so that a misspelt one is found", () => {
    const result = fromEnvironment({ ...minimal, KUMA_API_SERVER_HTP_PORT: "5", PATH: "/bin" }, { aws: true })
    expect(result).toMatchObject({ _tag: "Config", unused: ["KUMA_API_SERVER_HTP_PORT"] })
  })

  it("names them beside what is missing, which may be there under a misspelt name", () => {
    expect(problems({ AWS_REGION: "eu-west-1", KMESH_AWSIAM_AUTHORISEDACCOUNTIDS: "111122223333" })).toEqual([
      expect.stringMatching(/^KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: must list/),
      "KMESH_AWSIAM_AUTHORISEDACCOUNTIDS: nothing reads this variable here; is its name misspelt?"
    ])
  })

  it("lists apart what is Kuma's and has no effect here: it is no problem, and nobody's typing error", () => {
    const variables = {
      AWS_REGION: "eu-west-1", KUMA_DNS_SERVER_DOMAIN: "mesh.local", KMESH_MULTIZONE_ZONE_X: "1",
      KUMA_DIAGNOSTICS_TLS_ENABLED: "true", KUMA_DNS_SERVR_DOMAIN: "mesh.local"
    }
    const result = fromEnvironment(variables, { aws: true })
    if (result._tag !== "Problems") throw new Error("it is taken")
    expect(result.problems).toEqual([
      expect.stringMatching(/^KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: must list/),
      "KUMA_DNS_SERVR_DOMAIN: nothing reads this variable here; is its name misspelt?"
    ])
    expect(configProblems(result)).toMatch(new RegExp([
      "^the configuration can't be used:", "  KMESH_AWSIAM_.*", "  KUMA_DNS_SERVR_DOMAIN: .*",
      "without effect, and in nobody's way:", "  KMESH_MULTIZONE_ZONE_X: not needed here",
      "  KUMA_DIAGNOSTICS_TLS_ENABLED: a setting of Kuma's that this control plane doesn't have",
      "  KUMA_DNS_SERVER_DOMAIN: not needed here$"
    ].join("\n")))
  })

  it("runs without AWS on dataplane tokens", () => {
    const config = read({}, false)
    expect(config.aws).toBeNull()
    expect(config.dpServer.authn.dpProxyType).toBe("dpToken")
    expect(problems({ KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: "aws-iam" }, false)).toHaveLength(1)
  })

  it("uses the partition's own STS host in China", () => {
    const config = read({ ...minimal, AWS_REGION: "cn-north-1" })
    expect(config.dpServer.authn.stsHosts).toEqual(["sts.cn-north-1.amazonaws.com.cn"])
    expect(config.aws?.partition).toBe("aws-cn")
  })
})
