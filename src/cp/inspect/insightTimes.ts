/** Times of what is computed: since when there is something to compute it from, and since when it says what it says. */
import type { Resource } from "../../model/Resource.ts"
import type { Resources } from "./Inspector.ts"

export const insightTimes = (
  resources: Resources,
  mesh: Resource<"Mesh">
): { readonly creationTime: string; readonly modificationTime: string } => {
  let newest = mesh.modificationTime
  for (const type of ["Dataplane", "DataplaneInsight", "ExternalService"] as const) {
    for (const { modificationTime } of resources.list(type, mesh.name)) {
      if (modificationTime > newest) newest = modificationTime
    }
  }
  return { creationTime: mesh.creationTime, modificationTime: newest }
}
