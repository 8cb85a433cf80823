/** A store's content in memory: what is kept, its versions, and who is told of changes. Waits for nothing. */
import { Equal } from "effect"
import {
  type DesiredResource,
  formatKey,
  isType,
  type Resource,
  type ResourceKey,
  type ResourceType
} from "../../../src/model/Resource.ts"
import { Conflict, NotFound, type PutOptions, type RemoveOptions } from "../../../src/model/Store.ts"
import { meshKey } from "../../../src/model/whileMesh.ts"

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/** With the one mesh that there is from the start. */
export const firstResources = (now: () => number): MemoryResources => {
  const resources = new MemoryResources(now)
  resources.put({ ...meshKey("default"), labels: {}, spec: {} })
  return resources
}

export class MemoryResources {
  private readonly kept = new Map<string, Resource>()
  private readonly listeners = new Set<(key: ResourceKey) => void>()
  private readonly now: () => number
  /** The highest version that was removed. */
  private removed = 0

  constructor(now: () => number) {
    this.now = now
  }

  get<T extends ResourceType>(key: ResourceKey<T>): Resource<T> | NotFound {
    const found = this.kept.get(formatKey(key))
    return found !== undefined && isType(key.type, found) ? found : new NotFound({ key: formatKey(key) })
  }

  list<T extends ResourceType>(type: T, mesh?: string): ReadonlyArray<Resource<T>> {
    const found: Array<Resource<T>> = []
    for (const one of this.kept.values()) {
      if (isType(type, one) && (mesh === undefined || one.mesh === mesh)) found.push(one)
    }
    return found.sort((one, other) => compare(one.mesh, other.mesh) || compare(one.name, other.name))
  }

  all(): ReadonlyArray<Resource> {
    return [...this.kept.values()]
  }

  put<T extends ResourceType>(desired: DesiredResource<T>, options: PutOptions = {}): Resource<T> | Conflict {
    const { given } = options
    if (given !== undefined && !this.kept.has(formatKey(given))) {
      return new Conflict({ key: formatKey(given), expected: "present" })
    }
    const written = this.putOne(desired, options)
    if (!(written instanceof Conflict)) for (const one of options.beside ?? []) this.putOne(one, { expect: "absent" })
    return written
  }

  private putOne<T extends ResourceType>(desired: DesiredResource<T>, { expect }: PutOptions): Resource<T> | Conflict {
    const key = formatKey(desired)
    const found = this.get(desired)
    const before = found instanceof NotFound ? null : found
    if (expect !== undefined && expect !== (before?.version ?? "absent")) return new Conflict({ key, expected: expect })
    const { type, mesh, name, labels, spec } = desired
    if (before !== null && Equal.equals(before.spec, spec) && Equal.equals(before.labels, labels)) return before
    const time = new Date(this.now()).toISOString()
    const written: Resource<T> = {
      type, mesh, name, labels, spec,
      version: (before?.version ?? this.removed) + 1,
      creationTime: before?.creationTime ?? time,
      modificationTime: time
    }
    this.kept.set(key, written)
    this.tell(desired)
    return written
  }

  remove(key: ResourceKey, { beside = [], expect, given, within }: RemoveOptions = {}): NotFound | Conflict | null {
    if (given !== undefined && this.kept.has(formatKey(key))) {
      if (this.kept.get(formatKey(given.key))?.version !== given.version) {
        return new Conflict({ key: formatKey(given.key), expected: given.version })
      }
    }
    const there = this.all().filter(({ mesh }) => mesh === within?.mesh)
    const chosen = within === undefined ? [] : within.choose(there)
    const found = this.get(key)
    if (chosen === null && !(found instanceof NotFound)) {
      return new Conflict({ key: formatKey(key), expected: found.version })
    }
    const failure = this.removeOne(key, expect)
    if (failure === null) for (const one of [...beside, ...chosen ?? []]) this.removeOne(one)
    return failure
  }

  private removeOne(key: ResourceKey, expect?: number): NotFound | Conflict | null {
    const found = this.get(key)
    if (found instanceof NotFound) return found
    if (expect !== undefined && expect !== found.version) return new Conflict({ key: formatKey(key), expected: expect })
    this.kept.delete(formatKey(key))
    this.removed = Math.max(this.removed, found.version)
    this.tell(key)
    return null
  }

  /** `listener` hears of each change as it is made. Answers what ends that. */
  listen(listener: (key: ResourceKey) => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private tell({ type, mesh, name }: ResourceKey): void {
    for (const listener of [...this.listeners]) listener({ type, mesh, name })
  }
}
