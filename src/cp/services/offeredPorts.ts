/** What a Dataplane offers under each service that it answers for, as a MeshService lists it. Pure. */
import type { MeshServicePort } from "../../model/MeshService.ts"
import type { Resource } from "../../model/Resource.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { protocolOf } from "../snapshot/Protocol.ts"

/** RFC 1035: what a MeshService may be named. */
const LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/

/** By the value of `kuma.io/service`, in the order of the inbounds. What can't be a name is left out. */
export const offeredPorts = (dataplane: Resource<"Dataplane">): ReadonlyMap<string, ReadonlyArray<MeshServicePort>> => {
  const ports = new Map<string, Array<MeshServicePort>>()
  for (const inbound of dataplane.spec.networking?.inbound ?? []) {
    const service = inbound.tags?.[SERVICE_TAG]
    if (service === undefined || !LABEL.test(service) || inbound.state === "Ignored") continue
    const { port } = inbound
    const offered = { name: inbound.name || String(port), port, targetPort: port, appProtocol: protocolOf(inbound) }
    ports.set(service, [...ports.get(service) ?? [], offered])
  }
  return ports
}
