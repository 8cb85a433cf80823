/** What the store knows of a workload's proxy, added to what AWS says of its task. */
import { Effect } from "effect"
import type { Resource } from "../../model/Resource.ts"
import type { Store, StoreUnavailable } from "../../model/Store.ts"
import { connectionOf, neverConnected, type ProxyObservation } from "../lifecycle/ProxyObservation.ts"
import { readStored } from "../lifecycle/readStored.ts"
import { sidecarOf, type TaskObservation } from "../lifecycle/TaskObservation.ts"
import { wantedOutbounds } from "./outbounds.ts"
import { meshOf } from "./meshOf.ts"

export interface DataplaneObservation extends ProxyObservation<"Dataplane"> {
  /** The mesh's ports of the services that the task calls without choosing a port, as far as they have one. */
  readonly outboundPorts: Readonly<Record<string, number>>
}

const unnumbered = (look: TaskObservation): ReadonlyArray<string> => {
  const wanted = wantedOutbounds(look)
  return wanted?.ok ? wanted.value.filter(({ port }) => port === null).map(({ service }) => service) : []
}

/** Read, never given: whether the task may join isn't judged yet, and it may name whatever it likes. */
const readPorts = Effect.fnUntraced(function*(
  mesh: string,
  services: ReadonlyArray<string>
): Effect.fn.Return<Readonly<Record<string, number>>, StoreUnavailable, Store> {
  const ports = yield* Effect.forEach(services, (name) => readStored({ type: "OutboundPort", mesh, name }))
  return Object.fromEntries(ports.flatMap((port) => (port === null ? [] : [[port.name, port.spec.port]])))
})

export const observe = Effect.fn("dataplane.observe")(function*(
  look: TaskObservation,
  previous: Resource<"EcsTask"> | null
): Effect.fn.Return<DataplaneObservation, StoreUnavailable, Store> {
  const sidecar = sidecarOf(look)?.sidecar
  const mesh = sidecar ? meshOf(sidecar) : previous?.spec.proxy?.mesh
  if (mesh === undefined) return { look, previous, stored: null, connection: neverConnected, outboundPorts: {} }
  const name = look.taskId
  const stored = yield* readStored({ type: "Dataplane", mesh, name })
  const insight = yield* readStored({ type: "DataplaneInsight", mesh, name })
  return {
    look,
    previous,
    stored,
    connection: connectionOf(insight?.spec ?? null, previous),
    outboundPorts: yield* readPorts(mesh, unnumbered(look))
  }
})
