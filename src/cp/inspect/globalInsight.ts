/** How all meshes are doing together. Pure. */
import type { ResourceType } from "../../model/Resource.ts"
import { byMesh } from "./byMesh.ts"
import type { Resources } from "./Inspector.ts"
import { countedTypes, meshInsight, totals } from "./meshInsight.ts"
import { ProxyCount } from "./ProxyCount.ts"
import { isConnected } from "./proxyStatus.ts"
import type { ServiceInsight, ServiceType } from "./serviceInsights.ts"

/** Counted under other names beside `resources`, or not for everybody's eyes. */
const ELSEWHERE: ReadonlyArray<ResourceType> = ["Mesh", "Zone", "ZoneIngress", "ZoneEgress", "GlobalSecret"]

const STATUS = {
  online: "online", offline: "offline", partially_degraded: "partiallyDegraded", not_available: "offline"
} as const

const countServices = (services: ReadonlyArray<ServiceInsight>, type: ServiceType): ProxyCount => {
  const count = new ProxyCount()
  for (const { serviceType, status } of services) if (serviceType === type) count.add(STATUS[status])
  return count
}

const sorted = <A>(record: Readonly<Record<string, A>>): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

/** `at`: ISO 8601. */
export const globalInsight = (all: Resources, at: string) => {
  const resources = byMesh(all)
  const meshes = resources.list("Mesh").map((mesh) => meshInsight(resources, mesh))
  const together = (pick: (insight: typeof meshes[number]) => ProxyCount): ProxyCount => {
    const count = new ProxyCount()
    for (const insight of meshes) count.addAll(pick(insight))
    return count
  }
  const services = meshes.flatMap((insight) => insight.services)
  const proxies = (type: "ZoneIngressInsight" | "ZoneEgressInsight") => {
    const insights = resources.list(type)
    return { online: insights.filter(({ spec }) => isConnected(spec)).length, total: insights.length }
  }
  const policies = meshes.flatMap((insight) => Object.values(insight.policies)).reduce((sum, one) => sum + one.total, 0)
  return {
    createdAt: at,
    dataplanes: {
      gatewayBuiltin: together((insight) => insight.gatewayBuiltin).full,
      gatewayDelegated: together((insight) => insight.gatewayDelegated).full,
      standard: together((insight) => insight.standard).full
    },
    meshes: { total: meshes.length },
    policies: { total: policies },
    resources: sorted({
      ...totals(resources, countedTypes("Mesh")),
      ...totals(resources, countedTypes("Global").filter((type) => !ELSEWHERE.includes(type)))
    }),
    services: {
      external: { total: countServices(services, "external").total },
      gatewayBuiltin: countServices(services, "gateway_builtin").full,
      gatewayDelegated: countServices(services, "gateway_delegated").full,
      internal: countServices(services, "internal").full
    },
    zones: {
      // Only a global control plane has zones' control planes that connect to it.
      controlPlanes: { online: 0, total: 0 },
      zoneEgresses: proxies("ZoneEgressInsight"),
      zoneIngresses: proxies("ZoneIngressInsight")
    }
  }
}

/** The older answer: what there is of all that belongs to no mesh. */
export const globalInsights = (resources: Resources, at: string) => ({
  type: "GlobalInsights",
  creationTime: at,
  resources: totals(resources, countedTypes("Global"))
})
