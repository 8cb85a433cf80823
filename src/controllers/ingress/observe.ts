/** What the store knows of a zone's ingress, added to what AWS says of its task. */
import { Effect } from "effect"
import type { Resource } from "../../model/Resource.ts"
import type { Store, StoreUnavailable } from "../../model/Store.ts"
import { connectionOf, type ProxyObservation } from "../lifecycle/ProxyObservation.ts"
import { readStored } from "../lifecycle/readStored.ts"
import type { TaskObservation } from "../lifecycle/TaskObservation.ts"

export type ZoneIngressObservation = ProxyObservation<"ZoneIngress">

export const observe = Effect.fn("ingress.observe")(function*(
  look: TaskObservation,
  previous: Resource<"EcsTask"> | null
): Effect.fn.Return<ZoneIngressObservation, StoreUnavailable, Store> {
  const name = look.taskId
  const stored = yield* readStored({ type: "ZoneIngress", mesh: "", name })
  const insight = yield* readStored({ type: "ZoneIngressInsight", mesh: "", name })
  return { look, previous, stored, connection: connectionOf(insight?.spec ?? null, previous) }
})
