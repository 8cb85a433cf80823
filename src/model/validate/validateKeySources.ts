/** What proxies are given to prove themselves with outside of the mesh: not what the mesh's authority signs with. */
import { authoritySecrets } from "../authoritySecrets.ts"
import { keySources } from "../keySources.ts"
import type { Mesh } from "../Mesh.ts"
import type { DesiredResource } from "../Resource.ts"
import type { Violation } from "../Violation.ts"
import { field, violationIf } from "./violationPath.ts"

/** `mesh`: that which the resource belongs to. What the mesh becomes later is judged then. */
export const validateKeySources = (resource: DesiredResource, mesh: Mesh): ReadonlyArray<Violation> => {
  const withheld = authoritySecrets(resource.mesh, mesh)
  return keySources(resource).flatMap(({ path, source: { secret } }) =>
    violationIf(
      typeof secret === "string" && withheld.has(secret),
      field(path, "secret"),
      `"${String(secret)}" is what the mesh's own authority signs with: every proxy that calls this would be given it`
    ))
}
