/**
 * That a cluster's endpoints are a service's: one object for all proxies that have the cluster. The assignment is built
 * and serialised once for each state of the service, whose `ServiceView` is replaced when anything in it changes. It
 * isn't found by the cluster's name, which is the same for some different tags (Kuma's hash).
 */
import type { ServiceView } from "../../snapshot/MeshView.ts"
import type { ServiceUse } from "../ProxyTranslation.ts"
import { onceFor } from "../share/onceFor.ts"
import { assignment, type AssignmentInput } from "./assignment.ts"

export interface ServiceUseInput {
  readonly mesh: string
  readonly service: string
  readonly endpoints: AssignmentInput
}

export const serviceUse = ({ mesh, service, endpoints }: ServiceUseInput): ServiceUse => {
  const empty = assignment(undefined, endpoints)
  const built = onceFor((view: ServiceView) => assignment(view, endpoints))
  return {
    mesh,
    service,
    assignment: (services) => {
      const view = services.get(service)
      return view === undefined ? empty : built(view)
    }
  }
}
