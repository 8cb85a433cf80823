/** What the store knows of a workload's proxy, added to what AWS says of its task. */
import { Effect } from "effect"
import type { Resource } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { connectionOf, neverConnected, type ProxyObservation } from "../lifecycle/ProxyObservation.ts"
import { readStored } from "../lifecycle/readStored.ts"
import { sidecarOf, type TaskObservation } from "../lifecycle/TaskObservation.ts"
import { OutboundPorts } from "./OutboundPorts.ts"
import { wantedOutbounds } from "./outbounds.ts"
import { meshOf } from "./meshOf.ts"

export interface DataplaneObservation extends ProxyObservation<"Dataplane"> {
  /** The mesh's ports of the services that the task calls without choosing a port. */
  readonly outboundPorts: Readonly<Record<string, number>>
}

export const observe = Effect.fn("dataplane.observe")(function*(
  look: TaskObservation,
  previous: Resource<"EcsTask"> | null
): Effect.fn.Return<DataplaneObservation, StoreUnavailable, Store | OutboundPorts> {
  const sidecar = sidecarOf(look)?.sidecar
  const mesh = sidecar ? meshOf(sidecar) : previous?.spec.proxy?.mesh
  if (mesh === undefined) return { look, previous, stored: null, connection: neverConnected, outboundPorts: {} }
  const name = look.taskId
  const stored = yield* readStored({ type: "Dataplane", mesh, name })
  const insight = yield* readStored({ type: "DataplaneInsight", mesh, name })
  const wanted = wantedOutbounds(look)
  const unnumbered = wanted?.ok ? wanted.value.filter(({ port }) => port === null).map(({ service }) => service) : []
  return {
    look,
    previous,
    stored,
    connection: insight === null ? neverConnected : connectionOf(insight.spec),
    outboundPorts: yield* (yield* OutboundPorts).ensure(mesh, unnumbered)
  }
})
