/** All resources by type and key, in memory. Reading never waits; a change is answered as a `ResourceChange`. */
import { isDeepStrictEqual } from "node:util"
import { formatKey, isType, type Resource, type ResourceKey, type ResourceType } from "../../model/Resource.ts"
import type { ResourceChange } from "./ResourceCache.ts"

const isSame = (a: Resource, b: Resource): boolean =>
  // A resource that was removed and put again starts counting anew, maybe within the millisecond.
  a.version === b.version && a.creationTime === b.creationTime &&
  isDeepStrictEqual(a.spec, b.spec) && isDeepStrictEqual(a.labels, b.labels)

const keyOf = ({ type, mesh, name }: ResourceKey): ResourceKey => ({ type, mesh, name })

const byMeshAndName = (a: ResourceKey, b: ResourceKey): number =>
  a.mesh !== b.mesh ? (a.mesh < b.mesh ? -1 : 1) : a.name < b.name ? -1 : a.name > b.name ? 1 : 0

export class ResourceIndex {
  readonly #byType = new Map<ResourceType, Map<string, Resource>>()
  /** Ordered lists, each until its type changes. */
  readonly #lists = new Map<ResourceType, ReadonlyArray<Resource>>()

  get<T extends ResourceType>(key: ResourceKey<T>): Resource<T> | undefined {
    const found = this.#byType.get(key.type)?.get(formatKey(key))
    return found !== undefined && isType(key.type, found) ? found : undefined
  }

  list<T extends ResourceType>(type: T, mesh?: string): ReadonlyArray<Resource<T>> {
    const known = this.#lists.get(type)
    const all = known ?? [...this.#byType.get(type)?.values() ?? []].sort(byMeshAndName)
    if (known === undefined) this.#lists.set(type, all)
    return all.filter((resource): resource is Resource<T> =>
      isType(type, resource) && (mesh === undefined || resource.mesh === mesh)
    )
  }

  /** What is at this key now; undefined answers that nothing changed. */
  set(key: ResourceKey, after: Resource | undefined): ResourceChange | undefined {
    const ofType = this.#byType.get(key.type) ?? new Map<string, Resource>()
    this.#byType.set(key.type, ofType)
    const id = formatKey(key)
    const before = ofType.get(id)
    if (before === after || (before !== undefined && after !== undefined && isSame(before, after))) return undefined
    if (after === undefined) ofType.delete(id)
    else ofType.set(id, after)
    this.#lists.delete(key.type)
    return { key: keyOf(key), before, after }
  }

  /** Everything there is; what isn't among it is gone. */
  replaceAll(resources: ReadonlyArray<Resource>): ReadonlyArray<ResourceChange> {
    const kept = new Set(resources.map(formatKey))
    const gone = [...this.#byType.values()]
      .flatMap((ofType) => [...ofType.values()])
      .filter((resource) => !kept.has(formatKey(resource)))
    return [
      ...gone.map((resource) => this.set(resource, undefined)),
      ...resources.map((resource) => this.set(resource, resource))
    ].filter((change) => change !== undefined)
  }
}
