/**
 * Resources of one type, by name, for one proxy: never changed, but followed by the next set. A set in which nothing is
 * another is the same object as before, and one that differs knows in which names. Where few of many are replaced, as
 * with endpoints, the next set shares all others with the one before.
 */
import type { XdsResource } from "./XdsResource.ts"

type Resources = ReadonlyMap<string, XdsResource>

const NONE: Resources = new Map()

/** So many replaced ones are kept apart from the others before they are joined. */
const MAX_REPLACED = 16

/** So many names are remembered; whoever stopped before looks at all. */
const MAX_CHANGES = 128

export class ResourceSet implements ReadonlyMap<string, XdsResource> {
  readonly #base: Resources
  /** Newer than what the base has of these names; it has all of them. */
  readonly #replaced: Resources
  /** Names in the order of their changes, one list for this set and those before and after it. */
  readonly #changes: Array<string>
  /** How many of the changes this set has. */
  readonly #at: number

  private constructor(base: Resources, replaced: Resources, changes: Array<string>) {
    this.#base = base
    this.#replaced = replaced
    this.#changes = changes
    this.#at = changes.length
  }

  static readonly empty = new ResourceSet(NONE, NONE, [])

  /** The set of these and no others; of two with one name the first counts. */
  next(resources: ReadonlyArray<XdsResource>): ResourceSet {
    if (this.#isAll(resources)) return this
    const next = new Map<string, XdsResource>()
    const changes: Array<string> = []
    for (const resource of resources) {
      if (next.has(resource.name)) continue
      next.set(resource.name, resource)
      if (this.get(resource.name)?.version !== resource.version) changes.push(resource.name)
    }
    for (const name of this.#base.keys()) if (!next.has(name)) changes.push(name)
    return changes.length === 0 ? this : new ResourceSet(next, NONE, this.#changesWith(changes))
  }

  /** What is quick to see, and the most frequent: they are what it has, each once. */
  #isAll(resources: ReadonlyArray<XdsResource>): boolean {
    return resources.length === this.size &&
      resources.every((resource) => this.get(resource.name)?.version === resource.version) &&
      new Set(resources.map(({ name }) => name)).size === resources.length
  }

  /** The set with these in the place of those of their names; what has no place in it is left out. */
  with(resources: Iterable<XdsResource>): ResourceSet {
    const newer = [...resources].filter(({ name, version }) => {
      const before = this.get(name)
      return before !== undefined && before.version !== version
    })
    if (newer.length === 0) return this
    const changes = this.#changesWith(newer.map(({ name }) => name))
    const few = this.#replaced.size + newer.length <= MAX_REPLACED
    const map = new Map(few ? this.#replaced : this)
    for (const resource of newer) map.set(resource.name, resource)
    return few ? new ResourceSet(this.#base, map, changes) : new ResourceSet(map, NONE, changes)
  }

  /** Names that are another, new or gone since that set; null where that isn't known. */
  changedSince(older: Resources): ReadonlySet<string> | null {
    return older instanceof ResourceSet && older.#changes === this.#changes && older.#at <= this.#at
      ? new Set(this.#changes.slice(older.#at, this.#at))
      : null
  }

  #changesWith(names: ReadonlyArray<string>): Array<string> {
    // Another set may have followed this one already: then this is the beginning of another line. Many follow none.
    if (this.size === 0 || this.#changes.length !== this.#at || this.#at + names.length > MAX_CHANGES) return []
    this.#changes.push(...names)
    return this.#changes
  }

  get size(): number {
    return this.#base.size
  }

  get(name: string): XdsResource | undefined {
    return this.#replaced.get(name) ?? this.#base.get(name)
  }

  has(name: string): boolean {
    return this.#base.has(name)
  }

  keys(): MapIterator<string> {
    return this.#base.keys()
  }

  *entries(): Generator<[string, XdsResource], undefined> {
    for (const [name, resource] of this.#base) yield [name, this.#replaced.get(name) ?? resource]
  }

  *values(): Generator<XdsResource, undefined> {
    for (const [, resource] of this.entries()) yield resource
  }

  forEach(each: (resource: XdsResource, name: string, all: Resources) => void): void {
    for (const [name, resource] of this.entries()) each(resource, name, this)
  }

  [Symbol.iterator](): MapIterator<[string, XdsResource]> {
    return this.entries()
  }
}

/** Names whose resource is another, new or gone in `resources` since `older`; null: all are to be looked at. */
export const changedSince = (resources: Resources, older: Resources | null): ReadonlySet<string> | null =>
  older !== null && resources instanceof ResourceSet ? resources.changedSince(older) : null
