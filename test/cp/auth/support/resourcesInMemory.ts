// Resources as the cache shows them, put there by a test.
import { Layer } from "effect"
import {
  formatKey,
  isType,
  type Resource,
  type ResourceKey,
  type ResourceType,
  type SpecByType
} from "../../../../src/model/Resource.ts"
import { ResourceCache, type ResourceChange } from "../../../../src/cp/snapshot/ResourceCache.ts"

export interface ResourcesInMemory {
  readonly layer: Layer.Layer<ResourceCache>
  readonly service: ResourceCache["Service"]
  readonly put: <T extends ResourceType>(
    key: ResourceKey<T>,
    spec: SpecByType[T],
    labels?: Readonly<Record<string, string>>
  ) => void
  readonly remove: (key: ResourceKey) => void
}

export const resourcesInMemory = (): ResourcesInMemory => {
  const all = new Map<string, Resource>()
  const listeners = new Set<(changes: ReadonlyArray<ResourceChange>) => void>()
  const change = (key: ResourceKey, after: Resource | undefined): void => {
    const before = all.get(formatKey(key))
    if (after === undefined) all.delete(formatKey(key))
    else all.set(formatKey(key), after)
    for (const listener of listeners) listener([{ key, before, after }])
  }
  const service: ResourceCache["Service"] = {
    get: (key) => {
      const found = all.get(formatKey(key))
      return found !== undefined && isType(key.type, found) ? found : undefined
    },
    list: (type, mesh) =>
      [...all.values()]
        .filter((resource) => isType(type, resource))
        .filter((resource) => mesh === undefined || resource.mesh === mesh),
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
  return {
    layer: Layer.succeed(ResourceCache, service),
    service,
    put: (key, spec, labels = {}) => {
      const time = "2026-01-01T00:00:00Z"
      change(key, { ...key, labels, spec, version: 1, creationTime: time, modificationTime: time })
    },
    remove: (key) => change(key, undefined)
  }
}
