/**
 * All resources in memory, kept true by the store's change feed. Reading it never waits.
 * Everything that serves proxies reads here; whatever writes, writes to the Store.
 */
import { Context } from "effect"
import type { Resource, ResourceKey, ResourceType } from "../../model/Resource.ts"

/** What changed since the last call, each key once; `before` or `after` is undefined for a creation or a removal. */
export interface ResourceChange {
  readonly key: ResourceKey
  readonly before: Resource | undefined
  readonly after: Resource | undefined
}

export class ResourceCache extends Context.Service<
  ResourceCache,
  {
    readonly get: <T extends ResourceType>(key: ResourceKey<T>) => Resource<T> | undefined
    /** Ordered by mesh, then name. */
    readonly list: <T extends ResourceType>(type: T, mesh?: string) => ReadonlyArray<Resource<T>>
    /** Calls back synchronously with each coalesced batch of changes; returns how to stop. */
    readonly onChange: (listener: (changes: ReadonlyArray<ResourceChange>) => void) => () => void
  }
>()("ecs-mesh/cp/snapshot/ResourceCache") {}
