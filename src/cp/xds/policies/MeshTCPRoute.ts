/** Where the connections to a callee go: the most specific MeshTCPRoute that is about it says it alone. */
import type { BackendRef } from "../../../model/BackendRef.ts"
import type { Resource } from "../../../model/Resource.ts"
import { type Callee, refersTo } from "./Callee.ts"

/** Null where nothing says so: to the callee itself. */
export const tcpBackends = (
  routes: ReadonlyArray<Resource<"MeshTCPRoute">>,
  callee: Callee
): ReadonlyArray<BackendRef> | null => {
  const to = routes.flatMap(({ spec }) => spec.to ?? []).findLast(({ targetRef }) => refersTo(targetRef, callee))
  if (to === undefined) return null
  return to.rules[0]?.default.backendRefs ?? [{ ...to.targetRef, weight: 1 }]
}
