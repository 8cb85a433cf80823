/** What a proxy says of its host is known where its stream is, and nowhere else. */
import type { DataplaneInsight } from "../../../model/DataplaneInsight.ts"
import type { ProxyId } from "../../../model/ProxyType.ts"
import type { Inspector } from "../../inspect/Inspector.ts"
import { heldBy } from "../../inspect/proxyStatus.ts"
import { notHere, type Refusal } from "../Refusal.ts"

/** The refusal that names the replica which holds the proxy's stream; null where none does, or this one. */
export const elsewhere = (
  { instanceId, stream }: Inspector,
  proxy: ProxyId,
  insight: DataplaneInsight | undefined,
  title: string
): Refusal | null => {
  const holder = stream(proxy) === null ? heldBy(insight) : null
  return holder === null || holder === instanceId ? null : notHere(
    title,
    `the proxy ${proxy.name} is connected to the control plane instance ${holder}, and this is ${instanceId}: ask that one`
  )
}
