/** Where hostnames are kept, from environment variables. */
import type { AwsConfig, HostnamesConfig } from "./ControlPlaneConfig.ts"
import type { Environment } from "./Environment.ts"

const ENABLED = "KMESH_RUNTIME_AWS_ROUTE53_ENABLED"
const HOSTED_ZONE = "KMESH_RUNTIME_AWS_ROUTE53_HOSTED_ZONE_ID"
const REFRESH = "KMESH_RUNTIME_AWS_ROUTE53_REFRESH_INTERVAL"
const HOSTED_ZONES = "ECS_MESH_ROUTE53_HOSTED_ZONES"
const NAMESPACE = "ECS_MESH_CLOUD_MAP_NAMESPACE_ID"
const ADOPT = "ECS_MESH_HOSTNAMES_ADOPT"

const UNMARKED = "unmarked"
const CLUSTER = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const LEAST_REFRESH = 1_000

const readAdopted = (env: Environment): HostnamesConfig["adopts"] => {
  const items = env.list(ADOPT)
  const clusters = items.filter((item) => item !== UNMARKED)
  for (const item of clusters) {
    if (CLUSTER.test(item)) continue
    env.problems.push(`${ADOPT}: must be "${UNMARKED}" or cluster ids, separated by commas, but has "${item}"`)
  }
  return { unmarked: items.includes(UNMARKED), clusters }
}

export const readHostnames = (env: Environment, aws: AwsConfig | null): HostnamesConfig | null => {
  const isRoute53 = env.flag(ENABLED, false)
  const hostedZone = env.optional(HOSTED_ZONE)
  const namespace = env.optional(NAMESPACE)
  const refreshMillis = env.millis(REFRESH, 10_000)
  const others = env.list(HOSTED_ZONES)
  const adopts = readAdopted(env)
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
  const common = { others, adopts, region, refreshMillis, apiShare }
  return isRoute53
    ? { ...common, kind: "route53", id: hostedZone ?? "", endpoint: endpoints.route53 }
    : { ...common, kind: "cloudMap", id: namespace ?? "", endpoint: endpoints.cloudMap }
}
