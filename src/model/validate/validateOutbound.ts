/** One outbound of a Dataplane: a local port, and what is reached through it. */
import type { Outbound } from "../Dataplane.ts"
import { isIpAddress } from "../isIpAddress.ts"
import type { Violation } from "../Violation.ts"
import { validatePort } from "./validateAddress.ts"
import { requireService, validateTags } from "./validateTags.ts"
import { field, violationIf } from "./violationPath.ts"

export const BACKEND_KINDS = ["MeshExternalService", "MeshMultiZoneService", "MeshService"]
export const BACKEND_KIND_MESSAGE = `invalid value. Available values are: ${BACKEND_KINDS.join(",")}`

export const validateOutbound = (outbound: Outbound, path: string): ReadonlyArray<Violation> => {
  const { address, backendRef, tags = {} } = outbound
  const at = (name: string) => field(path, name)
  const hasTags = Object.keys(tags).length > 0
  return [
    ...validatePort(at("port"), outbound.port),
    ...violationIf(Boolean(address) && !isIpAddress(address ?? ""), at("address"),
      "address has to be valid IP address"),
    ...(backendRef === undefined
      ? [...(hasTags ? validateTags(at("tags"), tags) : []), ...requireService(at("tags"), tags)]
      : [
          ...violationIf(!BACKEND_KINDS.includes(backendRef.kind), at("backendRef.kind"), BACKEND_KIND_MESSAGE),
          ...violationIf(!backendRef.name && Object.keys(backendRef.labels ?? {}).length === 0, at("backendRef"),
            "either 'name' or 'labels' should be specified"),
          ...(backendRef.kind === "MeshExternalService" ? [] : validatePort(at("backendRef.port"), backendRef.port)),
          ...violationIf(hasTags, at("backendRef"), "both backendRef and tags/service cannot be defined")
        ])
  ]
}
