/**
 * Resources of one type, by name, for one proxy: never changed, but followed by the next set. A set in which nothing is
 * another is the same object as before, and one that differs knows in which names. What many proxies have in common is
 * one map for all of them, and where few of many are replaced, as with endpoints, the next set shares the others with
 * the one before; where two proxies have the same set, the next one is the same, too.
 */
import type { XdsResource } from "./XdsResource.ts"

type Resources = ReadonlyMap<string, XdsResource>

const NONE: Resources = new Map()

/** So many replaced ones are kept apart from the others before they are joined. */
const MAX_REPLACED = 16

/** So many names are remembered; whoever stopped before looks at all. */
const MAX_CHANGES = 128

export class ResourceSet implements ReadonlyMap<string, XdsResource> {
  readonly #own: Resources
  /** What other proxies have as well; of two with one name the own one counts. */
  readonly #common: Resources
  /** Newer than what the two above have of these names; one of them has each. */
  readonly #replaced: Resources
  /** Names in the order of their changes, one list for this set and those before and after it. */
  readonly #changes: Array<string>
  /** How many of the changes this set has. */
  readonly #at: number
  readonly size: number
  /** What was put in place last, and what that made. */
  #next: { readonly newer: ReadonlyArray<XdsResource>; readonly set: WeakRef<ResourceSet> } | null = null

  private constructor(own: Resources, common: Resources, replaced: Resources, changes: Array<string>) {
    this.#own = own
    this.#common = common
    this.#replaced = replaced
    this.#changes = changes
    this.#at = changes.length
    this.size = common.size
    for (const name of own.keys()) if (!common.has(name)) this.size += 1
  }

  static readonly empty = new ResourceSet(NONE, NONE, NONE, [])

  /** The set of these and no others; of two with one name the first counts. */
  next(own: ReadonlyArray<XdsResource>, common: Resources = NONE): ResourceSet {
    if (this.#holds(own, common)) return this
    const changes: Array<string> = []
    const compare = ({ name, version }: XdsResource): void => {
      if (this.get(name)?.version !== version) changes.push(name)
    }
    const map = new Map<string, XdsResource>()
    for (const resource of own) if (!map.has(resource.name)) map.set(resource.name, resource)
    for (const resource of map.values()) compare(resource)
    for (const [name, resource] of common) if (!map.has(name)) compare(resource)
    for (const name of this.keys()) if (!map.has(name) && !common.has(name)) changes.push(name)
    return changes.length === 0 ? this : new ResourceSet(map, common, NONE, this.#changesWith(changes))
  }

  /** The set with these in the place of those of their names; what has no place in it is left out. */
  with(resources: ReadonlyArray<XdsResource>): ResourceSet {
    const newer = resources.filter(({ name, version }) => {
      const before = this.get(name)
      return before !== undefined && before.version !== version
    })
    if (newer.length === 0) return this
    const known = this.#next
    const isKnown = known?.newer.length === newer.length && newer.every((resource, at) => resource === known.newer[at])
    const set = (isKnown ? known?.set.deref() : undefined) ?? this.#replacing(newer)
    this.#next = { newer, set: new WeakRef(set) }
    return set
  }

  /**
   * What is quick to see, and the most frequent: that it has just these, `common` being the very map that it has in
   * common with others.
   */
  #holds(own: ReadonlyArray<XdsResource>, common: Resources): boolean {
    if (common !== this.#common || own.length !== this.#own.size) return false
    for (const name of this.#replaced.keys()) if (!this.#own.has(name)) return false
    return own.every(({ name, version }) => this.#own.has(name) && this.get(name)?.version === version) &&
      new Set(own.map(({ name }) => name)).size === own.length
  }

  #replacing(newer: ReadonlyArray<XdsResource>): ResourceSet {
    const changes = this.#changesWith(newer.map(({ name }) => name))
    const few = this.#replaced.size + newer.length <= MAX_REPLACED
    const map = new Map(few ? this.#replaced : this)
    for (const resource of newer) map.set(resource.name, resource)
    return few
      ? new ResourceSet(this.#own, this.#common, map, changes)
      : new ResourceSet(map, NONE, NONE, changes)
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

  get(name: string): XdsResource | undefined {
    return this.#replaced.get(name) ?? this.#own.get(name) ?? this.#common.get(name)
  }

  has(name: string): boolean {
    return this.#own.has(name) || this.#common.has(name)
  }

  *keys(): Generator<string, undefined> {
    yield* this.#own.keys()
    for (const name of this.#common.keys()) if (!this.#own.has(name)) yield name
  }

  *entries(): Generator<[string, XdsResource], undefined> {
    for (const [name, resource] of this.#own) yield [name, this.#replaced.get(name) ?? resource]
    for (const [name, resource] of this.#common) {
      if (!this.#own.has(name)) yield [name, this.#replaced.get(name) ?? resource]
    }
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
