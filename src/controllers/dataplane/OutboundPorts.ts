/**
 * The port on which every workload of a mesh reaches a service. It begins at a hash of the service's name, so that
 * two zones give the same one, moves on where that is taken, and is kept for good once it is stored. So only a service
 * that a stored Dataplane stands for gets one: a name that somebody merely calls, or was refused with, gets none.
 */
import { createHash } from "node:crypto"
import { Context, Effect, Layer, Semaphore } from "effect"
import type { Resource, ResourceKey } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { ZONE_TAG } from "../../model/Tags.ts"
import { whileMesh } from "../../model/whileMesh.ts"

const FIRST_PORT = 20_000
const PORTS = 10_000

export const isMeshPort = (port: number): boolean => port >= FIRST_PORT && port < FIRST_PORT + PORTS

/** Where the search for a service's port begins. */
export const firstPort = (service: string): number =>
  FIRST_PORT + createHash("sha256").update(service).digest().readUInt32BE(0) % PORTS

/** The first free port from there on, round about; null where none is free. */
export const freePort = (service: string, taken: ReadonlySet<number>): number | null => {
  const start = firstPort(service) - FIRST_PORT
  for (let step = 0; step < PORTS; step++) {
    const port = FIRST_PORT + (start + step) % PORTS
    if (!taken.has(port)) return port
  }
  return null
}

export class OutboundPorts extends Context.Service<
  OutboundPorts,
  {
    /** The ports of these services, given now where they have none; services for which none is free are left out. */
    readonly ensure: (
      mesh: string,
      services: ReadonlyArray<string>
    ) => Effect.Effect<Readonly<Record<string, number>>, StoreUnavailable>
    /** Takes in what the store holds now, null for nothing. */
    readonly note: (key: ResourceKey<"OutboundPort">, port: Resource<"OutboundPort"> | null) => void
    /** What is remembered is read anew. */
    readonly forgetAll: () => void
  }
>()("ecs-mesh/controllers/dataplane/OutboundPorts") {
  static readonly layer = (zone: string): Layer.Layer<OutboundPorts, never, Store> =>
    Layer.effect(
      OutboundPorts,
      Effect.gen(function*() {
        const store = yield* Store
        // Two services that look for a port at the same time must not find the same one.
        const oneAtATime = yield* Semaphore.make(1)
        /** Each mesh's ports by service: thousands of Dataplanes are written, and few bring a new service. */
        const meshes = new Map<string, Map<string, number>>()

        const portsOf = Effect.fnUntraced(function*(mesh: string) {
          const known = meshes.get(mesh) ??
            new Map((yield* store.list("OutboundPort", mesh)).map(({ name, spec }) => [name, spec.port]))
          meshes.set(mesh, known)
          return known
        })

        const allocate = Effect.fn("OutboundPorts.allocate")(function*(
          mesh: string,
          services: ReadonlyArray<string>
        ): Effect.fn.Return<Readonly<Record<string, number>>, StoreUnavailable> {
          const known = yield* portsOf(mesh)
          const taken = new Set(known.values())
          for (const service of services) {
            if (known.has(service)) continue
            const port = freePort(service, taken)
            if (port === null) continue
            const desired = {
              type: "OutboundPort" as const, mesh, name: service, labels: { [ZONE_TAG]: zone }, spec: { port }
            }
            const given = yield* store.put(desired, { expect: "absent", ...whileMesh(mesh) }).pipe(
              Effect.catchTag("Conflict", () => store.get(desired)),
              Effect.catchTag("NotFound", () => Effect.succeed(null))
            )
            if (given === null) continue
            known.set(service, given.spec.port)
            taken.add(given.spec.port)
          }
          return Object.fromEntries(services.flatMap((service) => {
            const port = known.get(service)
            return port === undefined ? [] : [[service, port]]
          }))
        })

        return {
          ensure: (mesh, services) =>
            services.length === 0 ? Effect.succeed({}) : oneAtATime.withPermit(allocate(mesh, services)),
          note: ({ mesh, name }, port) => {
            if (port === null) meshes.get(mesh)?.delete(name)
            else meshes.get(mesh)?.set(name, port.spec.port)
          },
          forgetAll: () => meshes.clear()
        }
      })
    )
}
