/**
 * What of a MeshAccessLog isn't written: a backend that would be refused by now, stored by whom it wasn't refused. Envoy
 * would refuse the whole listener of a format that it can't read, and a word may tell what nobody is to be told.
 */
import type { Condition } from "../../../model/Condition.ts"
import type { LogBackend } from "../../../model/MeshAccessLog.ts"
import { validateLogBackend } from "../../../model/validate/validateMeshAccessLog.ts"
import { onceFor } from "../share/onceFor.ts"

export const isUsable = onceFor((backend: LogBackend): boolean => validateLogBackend(backend, "").length === 0)

export const unusable: Condition = {
  type: "LogsTaken",
  status: "False",
  reason: "BackendUnusable",
  message: "a MeshAccessLog has a backend that would be refused by now, so nothing is written there: apply the policy " +
    "again to be told why"
}
