/** The same resources for one question about many meshes: each type is looked through once. */
import { isType, type Resource, type ResourceType } from "../../model/Resource.ts"
import type { Resources } from "./Inspector.ts"

export const byMesh = (resources: Resources): Resources => {
  const groups = new Map<ResourceType, ReadonlyMap<string, ReadonlyArray<Resource>>>()
  const groupsOf = (type: ResourceType): ReadonlyMap<string, ReadonlyArray<Resource>> => {
    const known = groups.get(type)
    if (known !== undefined) return known
    const all: ReadonlyArray<Resource> = resources.list(type)
    const made = Map.groupBy(all, ({ mesh }) => mesh)
    groups.set(type, made)
    return made
  }
  return {
    get: (key) => resources.get(key),
    list: <T extends ResourceType>(type: T, mesh?: string): ReadonlyArray<Resource<T>> =>
      mesh === undefined
        ? resources.list(type)
        : (groupsOf(type).get(mesh) ?? []).filter((one): one is Resource<T> => isType(type, one))
  }
}
