/**
 * What policies change on resources that are made without them: two lines here for each. What they say of a resource is
 * plain data that goes into its maker, so that all of whom the same is said share it.
 */
import type { Inbound } from "../../../model/Dataplane.ts"
import type { BreakerConf } from "../../../model/MeshCircuitBreaker.ts"
import type { Policies } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import type { Cluster } from "../../proto/envoy/config/cluster/v3/cluster_pb.js"
import { onceFor } from "../share/onceFor.ts"
import type { Callee } from "./Callee.ts"
import { circuitBreakers, limitCluster } from "./MeshCircuitBreaker.ts"
import type { CallConfs, Reader } from "./Reader.ts"
import type { Routes } from "./selection.ts"

/** What each policy says of one callee or one inbound; a policy that says nothing is missing. */
export interface Confs {
  readonly MeshCircuitBreaker?: BreakerConf
}

export const noConfs: Confs = {}

type EffectType = keyof Confs
type ConfOf<T extends EffectType> = NonNullable<Confs[T]>

/** What it says of calls: the same object for all proxies that the same policies are about. */
export interface EffectOnCalls {
  readonly of: (callee: Callee) => Confs
}

interface Effect {
  readonly calls: (policies: Policies, dataplane: Resource<"Dataplane">, routes: Routes) => EffectOnCalls
  readonly inbound: (policies: Policies, dataplane: Resource<"Dataplane">, inbound: Inbound) => Confs
  readonly cluster: (cluster: Cluster, confs: Confs) => void
}

/** Each of `on` changes what it is given. */
const effect = <T extends EffectType>(type: T, reader: Reader<ConfOf<T>>, on: {
  /** That of a callee, or of the workload behind an inbound. */
  readonly cluster?: (cluster: Cluster, conf: ConfOf<T>) => void
}): Effect => {
  const said = (conf: ConfOf<T> | null): Confs => (conf === null ? noConfs : { ...noConfs, [type]: conf })
  const onCalls = onceFor((confs: CallConfs<ConfOf<T>>): EffectOnCalls => ({ of: (callee) => said(confs.of(callee)) }))
  return {
    calls: (policies, dataplane, routes) => onCalls(reader.calls(policies, dataplane, routes)),
    inbound: (policies, dataplane, inbound) => said(reader.inbound(policies, dataplane, inbound)),
    cluster: (cluster, confs) => {
      const conf = confs[type]
      if (conf !== undefined) on.cluster?.(cluster, conf)
    }
  }
}

/** In the order in which they are applied. */
const effects: ReadonlyArray<Effect> = [
  effect("MeshCircuitBreaker", circuitBreakers, { cluster: limitCluster })
]

export const effectsOnCalls = (
  policies: Policies,
  dataplane: Resource<"Dataplane">,
  routes: Routes
): ReadonlyArray<EffectOnCalls> => effects.map((one) => one.calls(policies, dataplane, routes))

const together = (confs: ReadonlyArray<Confs>): Confs => confs.reduce((all, one) => ({ ...all, ...one }), noConfs)

export const confsOf = (onCalls: ReadonlyArray<EffectOnCalls>, callee: Callee): Confs =>
  together(onCalls.map((one) => one.of(callee)))

export const inboundConfs = (policies: Policies, dataplane: Resource<"Dataplane">, inbound: Inbound): Confs =>
  together(effects.map((one) => one.inbound(policies, dataplane, inbound)))

export const applyToCluster = (cluster: Cluster, confs: Confs): Cluster => {
  for (const one of effects) one.cluster(cluster, confs)
  return cluster
}
