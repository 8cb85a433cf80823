/**
 * What a proxy's report says of its inbounds: one with a `serviceProbe` gets traffic only once its probe passed, as
 * Kuma has it, and none does while the proxy itself isn't ready, as when it drains. Pure.
 */
import type { Dataplane, Inbound } from "../../model/Dataplane.ts"
import { TASK_LABEL } from "../../model/dataplaneLabels.ts"
import type { Resource } from "../../model/Resource.ts"
import { sameData } from "../snapshot/sameData.ts"

/** `Ignored` is its author's word, and stays. */
const isWatched = ({ state }: Inbound): boolean => state !== "Ignored"

export const isProbed = ({ serviceProbe }: Inbound): boolean => serviceProbe !== undefined

/** Those that their proxy reports of. What the operator writes it also keeps healthy, by what ECS says: none of it. */
export const watchedInbounds = (
  { labels, spec }: Pick<Resource<"Dataplane">, "labels" | "spec">
): ReadonlyArray<Inbound> =>
  labels[TASK_LABEL] === undefined ? (spec.networking?.inbound ?? []).filter(isWatched) : []

export const workloadPort = ({ port, servicePort }: Inbound): number => servicePort || port

/** What a proxy says of itself and of its workload's ports. */
export interface HealthReport {
  /** Null where it says nothing of itself. */
  readonly proxy: boolean | null
  /** On its stream: an Envoy that isn't up yet is no more ready than one that drains. */
  readonly isFirst: boolean
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

/** Whether an inbound is ready by a report; null where that says nothing of it. */
const readiness = (inbound: Inbound, { isFirst, ports, proxy }: HealthReport): boolean | null => {
  if (isProbed(inbound)) {
    const workload = ports.get(workloadPort(inbound))
    return workload === undefined ? null : workload && proxy !== false
  }
  const wasUnready = inbound.state === "NotReady"
  // A state without `health` was never reported: it is its author's word.
  if (proxy === null || (wasUnready && inbound.health === undefined)) return null
  if (proxy) return wasUnready ? true : null
  return isFirst ? null : false
}

/** Null where it says so already, or the report says nothing of what is watched. */
export const reported = (dataplane: Resource<"Dataplane">, report: HealthReport): Dataplane | null => {
  const watched = new Set(watchedInbounds(dataplane))
  const next = (inbound: Inbound): Inbound => {
    const ready = watched.has(inbound) ? readiness(inbound, report) : null
    return ready === null || isSaid(inbound, ready) ? inbound : withHealth(inbound, ready)
  }
  const spec = withInbounds(dataplane.spec, next)
  return (dataplane.spec.networking?.inbound ?? []).every((one, at) => spec.networking?.inbound?.[at] === one) ? null : spec
}

/** Whether its author leaves its health to reports. */
const isLeftToReports = (inbound: Inbound): boolean =>
  isWatched(inbound) && (isProbed(inbound) || (inbound.state === undefined && inbound.health === undefined))

/**
 * What a proxy brings along again, with the health that was reported of the same inbounds before: its control plane's
 * restart is no illness of its workload's.
 */
export const keepReported = (before: Dataplane, brought: Dataplane): Dataplane => {
  const known = (before.networking?.inbound ?? []).filter(({ health }) => health?.ready !== undefined)
  return known.length === 0 ? brought : withInbounds(brought, (inbound) => {
    const { health, state } = known.find((one) =>
      one.port === inbound.port && workloadPort(one) === workloadPort(inbound) &&
      sameData(one.serviceProbe, inbound.serviceProbe) && one.serviceAddress === inbound.serviceAddress) ?? {}
    if (!isLeftToReports(inbound) || health === undefined || state === undefined) return inbound
    return { ...inbound, state, health }
  })
}
