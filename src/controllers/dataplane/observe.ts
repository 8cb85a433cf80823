/** What the store knows of a workload's proxy, added to what AWS says of its task. */
import { Effect } from "effect"
import type { Resource } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { meshKey } from "../../model/whileMesh.ts"
import { LastStored } from "../lifecycle/LastStored.ts"
import { connectionOf, neverConnected, type ProxyObservation } from "../lifecycle/ProxyObservation.ts"
import { readStored } from "../lifecycle/readStored.ts"
import { sidecarOf, type TaskObservation } from "../lifecycle/TaskObservation.ts"
import { EndpointHolders, type Rival } from "./EndpointHolders.ts"
import { wantedOutbounds } from "./outbounds.ts"
import { ownMeshPorts } from "./portsInTheWay.ts"
import { meshOf } from "./meshOf.ts"

export interface DataplaneObservation extends ProxyObservation<"Dataplane"> {
  /**
   * The mesh's ports of the services that the task calls without choosing a port, as far as they have one. Where it may
   * call every service: those ports that it may use itself.
   */
  readonly outboundPorts: Readonly<Record<string, number>>
  /** Others that stand at one of its endpoints; absent in journals of before these were looked for. */
  readonly rivals?: ReadonlyArray<Rival>
}

/** Read, never given: whether the task may join isn't judged yet, and it may name whatever it likes. */
const readPorts = Effect.fnUntraced(function*(
  mesh: string,
  look: TaskObservation,
  stored: Resource<"Dataplane"> | null
): Effect.fn.Return<Readonly<Record<string, number>>, StoreUnavailable, Store> {
  const wanted = wantedOutbounds(look)
  if (wanted === null) {
    const own = ownMeshPorts(look, stored)
    // Most tasks use none of the mesh's range, and a mesh may have thousands of ports.
    if (own.size === 0) return {}
    return byService((yield* (yield* Store).list("OutboundPort", mesh)).filter(({ spec }) => own.has(spec.port)))
  }
  const services = wanted.ok ? wanted.value.filter(({ port }) => port === null).map(({ service }) => service) : []
  const ports = yield* Effect.forEach(services, (name) => readStored({ type: "OutboundPort", mesh, name }))
  return byService(ports.filter((port) => port !== null))
})

const byService = (ports: ReadonlyArray<Resource<"OutboundPort">>): Readonly<Record<string, number>> =>
  Object.fromEntries(ports.map(({ name, spec }) => [name, spec.port]))

export const observe = Effect.fnUntraced(function*(
  look: TaskObservation,
  previous: Resource<"EcsTask"> | null
): Effect.fn.Return<DataplaneObservation, StoreUnavailable, Store | LastStored | EndpointHolders> {
  const sidecar = sidecarOf(look)?.sidecar
  const mesh = sidecar ? meshOf(sidecar) : previous?.spec.proxy?.mesh
  if (mesh === undefined) return { look, previous, stored: null, connection: neverConnected, outboundPorts: {} }
  const name = look.taskId
  const stored = yield* (yield* LastStored).read({ type: "Dataplane", mesh, name })
  const [insight, isMissing] = yield* Effect.all([
    readStored({ type: "DataplaneInsight", mesh, name }),
    // One that is stored keeps its mesh.
    stored === null ? Effect.map(readStored(meshKey(mesh)), (found) => found === null) : Effect.succeed(false)
  ], { concurrency: 2 })
  return {
    look,
    previous,
    stored,
    connection: connectionOf(insight?.spec ?? null, previous),
    ...(isMissing ? { missingMesh: mesh } : {}),
    outboundPorts: yield* readPorts(mesh, look, stored),
    rivals: stored === null ? [] : (yield* EndpointHolders).rivalsOf(stored)
  }
})
