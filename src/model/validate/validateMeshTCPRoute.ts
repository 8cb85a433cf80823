/** A MeshTCPRoute: what it is about, and where to. */
import type { MeshTCPRoute } from "../MeshTCPRoute.ts"
import type { Violation } from "../Violation.ts"
import { validateBackendRef } from "./validateBackendRef.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const TOP_KINDS = ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"]
const DESTINATIONS = ["MeshService", "MeshExternalService", "MeshMultiZoneService"]

export const validateMeshTCPRoute = ({ targetRef, to }: MeshTCPRoute): ReadonlyArray<Violation> => [
  ...(targetRef === undefined ? [] : validateTargetRef(targetRef, "spec.targetRef", { kinds: TOP_KINDS })),
  ...violationIf(to?.length === 0, "spec.to", "in body should have at least 1 items"),
  ...inEach("spec.to", to, (item, path) => [
    ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds: DESTINATIONS }),
    // There is nothing that one connection could be told from another by.
    ...violationIf(item.rules.length > 1, field(path, "rules"), "in body should have at most 1 items"),
    ...inEach(field(path, "rules"), item.rules, ({ default: { backendRefs = [] } }, at) =>
      backendRefs.length === 0
        ? [{ field: field(at, "default.backendRefs"), message: "must be defined" }]
        : inEach(field(at, "default.backendRefs"), backendRefs, validateBackendRef))
  ])
]
