/**
 * Where a task that may call every service of its mesh uses one of the mesh's ports itself: the control plane passes
 * over that service then, and the task's owner must know. Pure.
 */
import type { Networking } from "../../model/Dataplane.ts"
import type { Resource } from "../../model/Resource.ts"
import { INBOUND_OFFSET } from "./inbounds.ts"
import { isMeshPort } from "./OutboundPorts.ts"
import type { TaskObservation } from "../lifecycle/TaskObservation.ts"
import { OUTBOUNDS } from "../labels.ts"

/** `address:port` of each inbound's listener and of the workload behind it. */
export const boundBy = ({ address: own, inbound = [] }: typeof Networking.Type): ReadonlyArray<string> =>
  inbound.flatMap(({ address = own, port, serviceAddress, servicePort, state }) =>
    state === "Ignored" ? [] : [`${address}:${port}`, `${serviceAddress ?? address}:${servicePort ?? port}`]
  )

/** Ports of the mesh's range that the task may use: by its definition, and by what is stored for it. */
export const ownMeshPorts = (look: TaskObservation, stored: Resource<"Dataplane"> | null): ReadonlySet<number> => {
  const mapped = (look.definition?.containers ?? []).flatMap(({ portMappings }) =>
    portMappings.flatMap(({ containerPort }) => [containerPort, containerPort + INBOUND_OFFSET])
  )
  const known = (stored?.spec.networking?.inbound ?? []).flatMap(({ port, servicePort }) => [port, servicePort ?? port])
  return new Set([...mapped, ...known].filter(isMeshPort))
}

/** `ports`: the mesh's ports by service. `address`: where the task's outbounds listen. */
export const portsInTheWay = (
  networking: typeof Networking.Type,
  ports: Readonly<Record<string, number>>,
  address: string
): ReadonlyArray<string> => {
  const bound = new Set(boundBy(networking))
  return Object.entries(ports).filter(([, port]) => bound.has(`${address}:${port}`)).map(([service, port]) =>
    `${service} can't be called, as its port ${address}:${port} is the task's own: choose another with ${OUTBOUNDS}`
  )
}
