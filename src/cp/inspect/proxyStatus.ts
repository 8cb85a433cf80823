/** Whether a proxy does its work, from what it says of itself and of its connection: Kuma's rule. Pure. */
import type { Inbound } from "../../model/Dataplane.ts"
import type { DataplaneInsight } from "../../model/DataplaneInsight.ts"
import type { Resource } from "../../model/Resource.ts"

export type ProxyStatus = "online" | "offline" | "partiallyDegraded"

/** A stream that began and didn't end. */
export const isConnected = (insight: DataplaneInsight | undefined): boolean =>
  insight?.subscriptions.some(({ disconnectTime }) => disconnectTime === undefined) === true

/** Where a proxy's open stream is: that of the newest, should two seem open. */
export const heldBy = (insight: DataplaneInsight | undefined): string | null =>
  insight?.subscriptions.findLast(({ disconnectTime }) => disconnectTime === undefined)?.controlPlaneInstanceId ?? null

const isReady = ({ health, state }: Inbound): boolean =>
  (health === undefined || health.ready === true) && state !== "NotReady"

export const proxyStatus = (
  { spec: { networking } }: Resource<"Dataplane">,
  insight: DataplaneInsight | undefined
): ProxyStatus => {
  if (!isConnected(insight)) return "offline"
  if (networking?.gateway !== undefined) return "online"
  const ready = [
    ...(networking?.inbound ?? []).map(isReady),
    ...(networking?.listeners ?? []).map(({ state }) => state === "Ready")
  ]
  if (!ready.includes(true)) return "offline"
  return ready.includes(false) ? "partiallyDegraded" : "online"
}
