/** Where a route may send traffic. */
import { type BackendRef, namesResource } from "../BackendRef.ts"
import type { Violation } from "../Violation.ts"
import { validateWhole } from "./validateNumber.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { field, violationIf } from "./violationPath.ts"

const KINDS = ["MeshService", "MeshServiceSubset", "MeshExternalService", "MeshMultiZoneService"]

export const validateBackendRef = (ref: BackendRef, path: string): ReadonlyArray<Violation> => {
  const violations = [
    ...validateTargetRef(ref, path, { kinds: KINDS }),
    ...validateWhole(field(path, "weight"), ref.weight, 0),
    ...violationIf(ref.kind === "MeshMultiZoneService" && ref.port === undefined, field(path, "port"),
      "must be defined with kind MeshMultiZoneService"),
    ...validateWhole(field(path, "port"), ref.port, 1)
  ]
  if (violations.length > 0) return violations
  return [
    ...violationIf(namesResource(ref) || ref.labels !== undefined, path,
      `a route to a ${ref.kind} resource isn't supported yet: name instances by their tags, with kind MeshService ` +
        "and name alone, or with kind MeshServiceSubset")
  ]
}
