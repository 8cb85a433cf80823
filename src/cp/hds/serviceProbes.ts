/**
 * Inbounds that their proxy looks at itself (`serviceProbe`), and what a report of it says of them. An inbound that is
 * probed gets traffic only once its probe passed, as Kuma has it. Pure.
 */
import type { Dataplane, Inbound } from "../../model/Dataplane.ts"
import { TASK_LABEL } from "../../model/dataplaneLabels.ts"
import type { Resource } from "../../model/Resource.ts"
import { sameData } from "../snapshot/sameData.ts"

/** `Ignored` is its author's word, and stays. */
const isProbed = (inbound: Inbound): boolean => inbound.serviceProbe !== undefined && inbound.state !== "Ignored"

/** Those of a Dataplane. What the operator writes it also keeps healthy, by what ECS says: none of it is probed. */
export const probedInbounds = ({ labels, spec }: Pick<Resource<"Dataplane">, "labels" | "spec">): ReadonlyArray<Inbound> =>
  labels[TASK_LABEL] === undefined ? (spec.networking?.inbound ?? []).filter(isProbed) : []

export const workloadPort = ({ port, servicePort }: Inbound): number => servicePort || port

/** What a proxy says of itself and of its workload's ports. */
export interface HealthReport {
  /** Null where it says nothing of itself. */
  readonly proxy: boolean | null
  readonly ports: ReadonlyMap<number, boolean>
}

const withInbounds = (spec: Dataplane, change: (inbound: Inbound) => Inbound): Dataplane => ({
  ...spec,
  networking: { ...spec.networking, inbound: (spec.networking?.inbound ?? []).map(change) }
})

const withHealth = (inbound: Inbound, ready: boolean): Inbound =>
  ({ ...inbound, state: ready ? "Ready" : "NotReady", health: { ready } })

const isSaid = (inbound: Inbound, ready: boolean): boolean =>
  inbound.state === (ready ? "Ready" : "NotReady") && inbound.health?.ready === ready

/** Null where it says so already, or the report says nothing of what is probed. */
export const reported = (dataplane: Resource<"Dataplane">, { ports, proxy }: HealthReport): Dataplane | null => {
  const probed = new Set(probedInbounds(dataplane))
  const next = (inbound: Inbound): Inbound => {
    const workload = ports.get(workloadPort(inbound))
    if (!probed.has(inbound) || workload === undefined) return inbound
    const ready = workload && proxy !== false
    return isSaid(inbound, ready) ? inbound : withHealth(inbound, ready)
  }
  const spec = withInbounds(dataplane.spec, next)
  return (dataplane.spec.networking?.inbound ?? []).every((one, at) => spec.networking?.inbound?.[at] === one) ? null : spec
}

/**
 * What a proxy brings along again, with the health that was reported of the same inbounds before: its control plane's
 * restart is no illness of its workload's.
 */
export const keepReported = (before: Dataplane, brought: Dataplane): Dataplane => {
  const known = before.networking?.inbound ?? []
  return brought.networking?.inbound?.some(isProbed) !== true ? brought : withInbounds(brought, (inbound) => {
    const same = known.find((one) =>
      one.port === inbound.port && workloadPort(one) === workloadPort(inbound) &&
      sameData(one.serviceProbe, inbound.serviceProbe) && one.serviceAddress === inbound.serviceAddress)
    return !isProbed(inbound) || same?.health?.ready === undefined || same.state === undefined
      ? inbound
      : { ...inbound, state: same.state, health: same.health }
  })
}
