/** Where the routes of a callee lead: their backends as the clusters that stand for them. */
import { type BackendRef, namesResource } from "../../model/BackendRef.ts"
import { serviceName } from "../../model/services/serviceNames.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { findPort } from "../snapshot/Destination.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import type { ResolvedOutbound } from "./outbounds.ts"

/** What an outbound, or a backend of its routes, leads to. */
export type Leading = Pick<ResolvedOutbound, "tags" | "backend">

/** What isn't there (yet) is told by its key alone. */
export const leadingTo = (view: MeshView, ref: BackendRef): Leading => {
  const name = ref.name ?? ""
  if (!namesResource(ref)) return { tags: { ...ref.tags, [SERVICE_TAG]: name } }
  const kind = ref.kind ?? ""
  const key = serviceName(kind, name)
  const destination = view.destinations.get(key)
  const wanted = ref.sectionName || ref.port || (kind === "MeshExternalService" ? destination?.ports[0]?.port : undefined)
  const port = destination === undefined || wanted === undefined ? undefined : findPort(destination, wanted)
  return { tags: {}, backend: { destination: key, service: port?.service ?? "", port: port?.port ?? 0 } }
}
