/** Where a route may send traffic. */
import type { BackendRef } from "../BackendRef.ts"
import type { Violation } from "../Violation.ts"
import { validateWhole } from "./validateNumber.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { field, violationIf } from "./violationPath.ts"

const KINDS = ["MeshService", "MeshServiceSubset", "MeshExternalService", "MeshMultiZoneService"]

export const validateBackendRef = (ref: BackendRef, path: string): ReadonlyArray<Violation> => {
  return [
    ...validateTargetRef(ref, path, { kinds: KINDS }),
    ...validateWhole(field(path, "weight"), ref.weight, 0),
    ...violationIf(ref.kind === "MeshMultiZoneService" && ref.port === undefined, field(path, "port"),
      "must be defined with kind MeshMultiZoneService"),
    ...validateWhole(field(path, "port"), ref.port, 1)
  ]
}
