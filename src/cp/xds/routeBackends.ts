/** Where the routes of a callee lead: their backends as what stands for them. */
import { type BackendRef, namesResource } from "../../model/BackendRef.ts"
import { serviceName } from "../../model/services/serviceNames.ts"
import { isServiceKind } from "../../model/ServiceAddress.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { findPort } from "../snapshot/Destination.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import { named } from "./backends.ts"
import { ANY_DESTINATION } from "./DestinationReaders.ts"
import type { ResolvedOutbound } from "./outbounds.ts"

/** What an outbound, or a backend of its routes, leads to. */
export type Leading = Pick<ResolvedOutbound, "tags" | "backend">

const NOTHING: Leading = { tags: {}, backend: { destination: ANY_DESTINATION, service: "", port: 0 } }

/** What isn't there (yet) is told by its key alone. */
export const leadingTo = (view: MeshView, ref: BackendRef): Leading => {
  const { kind = "", labels = {}, name = "", port, sectionName } = ref
  if (!namesResource(ref)) return { tags: { ...ref.tags, [SERVICE_TAG]: name } }
  if (!isServiceKind(kind)) return NOTHING
  const [found] = named(view, { kind, labels, name })
  if (found === undefined) {
    const isByName = Object.keys(labels).length === 0
    return isByName ? { tags: {}, backend: { destination: serviceName(kind, name), service: "", port: 0 } } : NOTHING
  }
  const [destination, its] = found
  const wanted = sectionName || port || (its.ports.length === 1 ? its.ports[0]?.port : undefined)
  const meant = wanted === undefined ? undefined : findPort(its, wanted)
  return { tags: {}, backend: { destination, service: meant?.service ?? "", port: meant?.port ?? 0 } }
}
