// The variables of Kong's example task definition for a control plane on ECS, and what becomes of them here.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { fromEnvironment } from "../../../src/cp/config/fromEnvironment.ts"

const OF_A_ZONE = {
  AWS_REGION: "us-east-1",
  KUMA_MODE: "zone",
  KMESH_LICENSE: "{}",
  KMESH_LICENSE_PATH: "/tmp/license.json",
  KUMA_GENERAL_TLS_CERT_FILE: "/tmp/crt.pem",
  KUMA_GENERAL_TLS_KEY_FILE: "/tmp/key.pem",
  KUMA_STORE_TYPE: "postgres",
  KUMA_STORE_POSTGRES_HOST: "database.test",
  KUMA_STORE_POSTGRES_PORT: "5432",
  KUMA_STORE_POSTGRES_USER: "kongmesh",
  KUMA_STORE_POSTGRES_PASSWORD: "sample",
  KUMA_STORE_POSTGRES_DB_NAME: "kongmesh",
  KUMA_STORE_POSTGRES_TLS_MODE: "verifyNone",
  KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: "aws-iam",
  KUMA_DP_SERVER_AUTHN_ZONE_PROXY_TYPE: "aws-iam",
  KUMA_DP_SERVER_AUTHN_ENABLE_RELOADABLE_TOKENS: "true",
  KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: "111122223333",
  KUMA_DEFAULTS_SKIP_HOSTNAME_GENERATORS: "true",
  KMESH_RUNTIME_AWS_ROUTE53_ENABLED: "true",
  KMESH_RUNTIME_AWS_ROUTE53_HOSTED_ZONE_ID: "Z0123456789",
  KUMA_DNS_SERVER_CIDR: "127.1.0.0/16",
  KUMA_IPAM_MESH_MULTI_ZONE_SERVICE_CIDR: "127.2.0.0/16",
  KUMA_IPAM_MESH_EXTERNAL_SERVICE_CIDR: "127.3.0.0/16",
  KUMA_IPAM_MESH_SERVICE_CIDR: "127.4.0.0/16",
  KUMA_DNS_SERVER_DOMAIN: "mesh.local",
  KUMA_DNS_SERVER_SERVICE_VIP_PORT: "8080",
  KUMA_MULTIZONE_ZONE_NAME: "ecs-demo",
  KMESH_MULTIZONE_ZONE_KDS_AUTH_CP_TOKEN_PATH: "/tmp/cp-token"
}

it("starts with them as they are, and says on the page of those without effect that they may stay", () => {
  const read = fromEnvironment(OF_A_ZONE, { aws: true })
  if (read._tag === "Problems") throw new Error(read.problems.join("; "))
  expect(read.config).toMatchObject({
    zone: "ecs-demo",
    store: { type: "postgres", host: "database.test", tls: { mode: "verifyNone" } },
    dpServer: { authn: { dpProxyType: "aws-iam", zoneProxyType: "aws-iam", reloadableTokens: true } },
    services: { ranges: { MeshService: { cidr: "127.4.0.0/16" }, MeshMultiZoneService: { cidr: "127.2.0.0/16" } } },
    hostnames: { kind: "route53", id: "Z0123456789" }
  })
  const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "moving-from-kong-mesh.md"), "utf8")
  const mayStay = page.split("\n").filter((line) => line.includes("| may stay")).join("\n")
  const named = [...mayStay.matchAll(/`([A-Z0-9_]+\*?)`/g)].map(([, name = ""]) => name)
  const isNamed = (variable: string) =>
    named.some((name) => name.endsWith("*") ? variable.startsWith(name.slice(0, -1)) : variable === name)
  expect(read.unused.filter((variable) => !isNamed(variable))).toEqual([])
})

it("doesn't start as part of what it can't be part of", () => {
  const read = fromEnvironment({ ...OF_A_ZONE, KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: "grpcs://global.test:5685" }, { aws: true })
  const problems = read._tag === "Problems" ? read.problems : []
  expect(problems.filter((problem) => !problem.includes("nothing reads"))).toEqual([
    expect.stringMatching(/^KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: /)
  ])
})
