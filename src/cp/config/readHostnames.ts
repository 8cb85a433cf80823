/** Where hostnames are kept, from environment variables. */
import type { AwsConfig, HostnamesConfig } from "./ControlPlaneConfig.ts"
import type { Environment } from "./Environment.ts"

const ENABLED = "KMESH_RUNTIME_AWS_ROUTE53_ENABLED"
const HOSTED_ZONE = "KMESH_RUNTIME_AWS_ROUTE53_HOSTED_ZONE_ID"
const REFRESH = "KMESH_RUNTIME_AWS_ROUTE53_REFRESH_INTERVAL"
const NAMESPACE = "ECS_MESH_CLOUD_MAP_NAMESPACE_ID"

const LEAST_REFRESH = 1_000

export const readHostnames = (env: Environment, aws: AwsConfig | null): HostnamesConfig | null => {
  const isRoute53 = env.flag(ENABLED, false)
  const hostedZone = env.optional(HOSTED_ZONE)
  const namespace = env.optional(NAMESPACE)
  const refreshMillis = env.millis(REFRESH, 10_000)
  const endpointOf = (name: string) => env.optional(`AWS_ENDPOINT_URL_${name}`) ?? env.optional("AWS_ENDPOINT_URL")
  const endpoints = { route53: endpointOf("ROUTE_53"), cloudMap: endpointOf("SERVICEDISCOVERY") }
  if (refreshMillis < LEAST_REFRESH) env.problems.push(`${REFRESH}: must be 1s or more`)
  if (isRoute53 && hostedZone === null) env.problems.push(`${HOSTED_ZONE}: is needed where ${ENABLED} is true`)
  if (isRoute53 && namespace !== null) env.problems.push(`${ENABLED} and ${NAMESPACE}: set one of them`)
  if (!isRoute53 && namespace === null) return null
  if (aws === null) {
    env.problems.push(`${isRoute53 ? ENABLED : NAMESPACE}: needs AWS; leave it out, or leave out --without-aws`)
    return null
  }
  const { apiShare, region } = aws
  return isRoute53
    ? { kind: "route53", id: hostedZone ?? "", region, refreshMillis, apiShare, endpoint: endpoints.route53 }
    : { kind: "cloudMap", id: namespace ?? "", region, refreshMillis, apiShare, endpoint: endpoints.cloudMap }
}
