import { describe, expect, it } from "vitest"
import { fromEnvironment } from "../../../src/cp/config/fromEnvironment.ts"

const AWS = { AWS_REGION: "eu-west-1", KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: "123456789012" }

const read = (variables: Readonly<Record<string, string>>, aws = true) => {
  const result = fromEnvironment({ ...(aws ? AWS : {}), ...variables }, { aws })
  return result._tag === "Problems" ? { problems: result.problems } : { problems: [], config: result.config }
}

describe("the configuration of services", () => {
  it("has Kuma's networks and times where nothing is set", () => {
    const { config } = read({}, false)
    expect(config?.services).toMatchObject({ generates: true, graceMillis: 3_600_000, makesGenerators: true })
    expect(Object.values(config?.services.ranges ?? {}).map(({ cidr }) => cidr)).toEqual([
      "241.0.0.0/8", "242.0.0.0/8", "243.0.0.0/8"
    ])
    expect(config?.hostnames).toBeNull()
  })

  it("takes Kuma's variables", () => {
    const { config } = read({
      KUMA_IPAM_MESH_SERVICE_CIDR: "127.4.0.0/16",
      KUMA_MESH_SERVICE_GENERATION_INTERVAL: "0s",
      KUMA_MESH_SERVICE_DELETION_GRACE_PERIOD: "5m",
      KUMA_DEFAULTS_SKIP_HOSTNAME_GENERATORS: "true",
      ECS_MESH_SERVICE_ADDRESS_HOLD: "10m"
    }, false)
    expect(config?.services).toMatchObject({
      generates: false, graceMillis: 300_000, holdMillis: 600_000, makesGenerators: false
    })
    expect(config?.services.ranges.MeshService.cidr).toBe("127.4.0.0/16")
  })

  it.each([
    [{ KUMA_IPAM_MESH_SERVICE_CIDR: "127.4.0.0" }, "KUMA_IPAM_MESH_SERVICE_CIDR: must be an IPv4 network"],
    [{ KUMA_IPAM_MESH_EXTERNAL_SERVICE_CIDR: "::/8" }, "KUMA_IPAM_MESH_EXTERNAL_SERVICE_CIDR: must be an IPv4 network"],
    [
      { KUMA_IPAM_MESH_SERVICE_CIDR: "127.0.0.0/8", KUMA_IPAM_MESH_MULTI_ZONE_SERVICE_CIDR: "127.2.0.0/16" },
      "KUMA_IPAM_MESH_SERVICE_CIDR and KUMA_IPAM_MESH_MULTI_ZONE_SERVICE_CIDR: must have no address in common"
    ],
    [
      { KUMA_IPAM_MESH_SERVICE_CIDR: "242.0.0.0/8" },
      "KUMA_IPAM_MESH_SERVICE_CIDR and KUMA_IPAM_MESH_EXTERNAL_SERVICE_CIDR: must have no address in common"
    ],
    [
      { KUMA_IPAM_MESH_EXTERNAL_SERVICE_CIDR: "243.1.0.0/16" },
      "KUMA_IPAM_MESH_EXTERNAL_SERVICE_CIDR and KUMA_IPAM_MESH_MULTI_ZONE_SERVICE_CIDR: must have no address in common"
    ]
  ])("refuses %j", (variables, problem) => {
    expect(read(variables).problems).toEqual([expect.stringContaining(problem)])
  })
})

describe("the configuration of hostnames", () => {
  const route53 = { KMESH_RUNTIME_AWS_ROUTE53_ENABLED: "true", KMESH_RUNTIME_AWS_ROUTE53_HOSTED_ZONE_ID: "Z1" }

  it("is a hosted zone or a namespace", () => {
    expect(read({ ...route53, KMESH_RUNTIME_AWS_ROUTE53_REFRESH_INTERVAL: "30s" }).config?.hostnames).toEqual({
      kind: "route53", id: "Z1", region: "eu-west-1", refreshMillis: 30_000, apiShare: 0.5, endpoint: null,
      others: [], adopts: { unmarked: false, clusters: [] }
    })
    expect(read({ ECS_MESH_CLOUD_MAP_NAMESPACE_ID: "ns-1", AWS_ENDPOINT_URL_SERVICEDISCOVERY: "http://localhost:1" })
      .config?.hostnames).toMatchObject({ kind: "cloudMap", id: "ns-1", endpoint: "http://localhost:1" })
  })

  it("is asked of its own service's endpoint, else of the one of all, as often as each second", () => {
    const endpoints = { AWS_ENDPOINT_URL: "http://localhost:1", AWS_ENDPOINT_URL_ROUTE_53: "http://localhost:2" }
    expect(read({ ...route53, ...endpoints, KMESH_RUNTIME_AWS_ROUTE53_REFRESH_INTERVAL: "1s" }).config?.hostnames)
      .toMatchObject({ endpoint: "http://localhost:2", refreshMillis: 1_000 })
    expect(read({ ECS_MESH_CLOUD_MAP_NAMESPACE_ID: "ns-1", ...endpoints }).config?.hostnames)
      .toMatchObject({ endpoint: "http://localhost:1" })
  })

  it("names further hosted zones, and whose names are taken over", () => {
    const cluster = "1c1c7f6e-4b1d-4a52-8d5c-0a8f4b6f2c11"
    expect(read({
      ...route53, ECS_MESH_ROUTE53_HOSTED_ZONES: "Z2, Z3", ECS_MESH_HOSTNAMES_ADOPT: `unmarked,${cluster}`
    }).config?.hostnames).toMatchObject({ others: ["Z2", "Z3"], adopts: { unmarked: true, clusters: [cluster] } })
  })

  it.each([
    [{ ...route53, ECS_MESH_HOSTNAMES_ADOPT: "true" }, "ECS_MESH_HOSTNAMES_ADOPT: must be \"unmarked\" or cluster ids"],
    [{ KMESH_RUNTIME_AWS_ROUTE53_ENABLED: "true" }, "KMESH_RUNTIME_AWS_ROUTE53_HOSTED_ZONE_ID: is needed"],
    [{ ...route53, ECS_MESH_CLOUD_MAP_NAMESPACE_ID: "ns-1" }, "set one of them"],
    [{ ...route53, KMESH_RUNTIME_AWS_ROUTE53_REFRESH_INTERVAL: "10ms" }, "must be 1s or more"]
  ])("refuses %j", (variables, problem) => {
    expect(read(variables).problems).toEqual([expect.stringContaining(problem)])
  })

  it("needs AWS", () => {
    expect(read(route53, false).problems).toEqual([expect.stringContaining("needs AWS")])
  })
})
