/** Gives each service that one of these Dataplanes stands for its port, mesh by mesh. */
import { Effect } from "effect"
import type { Resource } from "../../model/Resource.ts"
import { OutboundPorts } from "./OutboundPorts.ts"
import { servicesOf } from "./servicesOf.ts"

export const givePorts = Effect.fn("givePorts")(function*(dataplanes: ReadonlyArray<Resource<"Dataplane">>) {
  const ports = yield* OutboundPorts
  const byMesh = new Map<string, Set<string>>()
  for (const { mesh, spec } of dataplanes) {
    const services = byMesh.get(mesh) ?? new Set()
    servicesOf(spec).forEach((service) => services.add(service))
    byMesh.set(mesh, services)
  }
  for (const [mesh, services] of byMesh) yield* ports.ensure(mesh, [...services])
})
