/** One look at a task and at what the store knows of its proxy: all that a decision about it depends on. */
import type { DataplaneInsight } from "../../model/DataplaneInsight.ts"
import type { Resource } from "../../model/Resource.ts"
import { saysAcknowledged } from "./conditions.ts"
import type { TaskObservation } from "./TaskObservation.ts"

/** Types of the resources that stand for a proxy. */
export type ProxyResourceType = "Dataplane" | "ZoneIngress" | "ZoneEgress"

export interface ProxyObservation<T extends ProxyResourceType = ProxyResourceType> {
  readonly look: TaskObservation
  /** What was decided last; null for a task that is seen for the first time. */
  readonly previous: Resource<"EcsTask"> | null
  /** The proxy's resource as it is stored. */
  readonly stored: Resource<T> | null
  readonly connection: Connection
  /** The mesh that it would be stored into, where there is none of that name. */
  readonly missingMesh?: string
}

/** How far the proxy came with its control plane. */
export interface Connection {
  /** It has a stream at this moment. */
  readonly online: boolean
  /** It accepted its listeners at least once: from then on it can answer. Never taken back for a task. */
  readonly acknowledged: boolean
}

export const neverConnected: Connection = { online: false, acknowledged: false }

/**
 * An insight remembers a few streams, and somebody may remove it: that the proxy once accepted its listeners is
 * remembered by what was decided of the task then.
 */
export const connectionOf = (
  insight: DataplaneInsight | null,
  previous: Resource<"EcsTask"> | null
): Connection => {
  const subscriptions = insight?.subscriptions ?? []
  return {
    online: subscriptions.some((subscription) => subscription.disconnectTime === undefined),
    acknowledged: saysAcknowledged(previous?.spec.conditions ?? []) ||
      subscriptions.some(({ status }) => Number(status.lds.responsesAcknowledged ?? "0") > 0)
  }
}
