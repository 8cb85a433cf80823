/** That a cluster's endpoints are a service's: one object for all proxies that have the cluster. */
import type { ServiceUse } from "../ProxyTranslation.ts"
import { assignment, type AssignmentInput } from "./assignment.ts"

export interface ServiceUseInput {
  readonly mesh: string
  readonly service: string
  readonly endpoints: AssignmentInput
}

export const serviceUse = ({ mesh, service, endpoints }: ServiceUseInput): ServiceUse => {
  const empty = assignment(undefined, endpoints)
  return {
    mesh,
    service,
    assignment: (services) => {
      const view = services.get(service)
      return view === undefined ? empty : assignment(view, endpoints)
    }
  }
}
