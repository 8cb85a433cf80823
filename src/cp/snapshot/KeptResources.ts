/**
 * What the cache holds, and how far it is. Changes come in the order of their commits, but a key that is read is as it
 * was at the moment of reading, which may be after changes that are still to come: those are in it already, and taking
 * them again would set it back. So each reading's revision is remembered until the changes have caught up with it.
 */
import { formatKey, type ResourceKey } from "../../model/Resource.ts"
import type { Change, Snapshot } from "../../model/Store.ts"
import type { ResourceChange } from "./ResourceCache.ts"
import { ResourceIndex } from "./ResourceIndex.ts"

/** Beyond this many keys reading everything is cheaper than finding each. */
const MANY_KEYS = 5_000

export class KeptResources {
  readonly index = new ResourceIndex()
  /** Everything is at least as it was at this revision. */
  #floor = 0
  /** Keys that were read at a later revision than the last change that came, with that revision. */
  readonly #ahead = new Map<string, number>()

  /** What has to be read to follow these changes, each key once. */
  wanted(changes: ReadonlyArray<Change>): "all" | ReadonlyArray<ResourceKey> {
    const keys = new Map<string, ResourceKey>()
    for (const change of changes) {
      if (change._tag === "Resynced") return "all"
      if (this.#isOld(change)) continue
      const name = formatKey(change.key)
      if (change.after === undefined) keys.set(name, change.key)
    }
    return keys.size > MANY_KEYS ? "all" : [...keys.values()]
  }

  /** Sets all of them in one go; `read` is what was read for them of the keys that were wanted, after they came. */
  apply(
    changes: ReadonlyArray<Change>,
    wanted: ReadonlyArray<ResourceKey>,
    read: Snapshot | null
  ): ReadonlyArray<ResourceChange> {
    const made: Array<ResourceChange | undefined> = []
    let last = 0
    if (read !== null) {
      const found = new Map(read.resources.map((resource) => [formatKey(resource), resource]))
      for (const key of wanted) {
        const name = formatKey(key)
        this.#ahead.set(name, read.revision ?? Number.NaN)
        made.push(this.index.set(key, found.get(name)))
      }
    }
    for (const change of changes) {
      if (change._tag === "Resynced") continue
      last = Math.max(last, change.revision ?? 0)
      if (change.after === undefined || this.#isOld(change)) continue
      made.push(this.index.set(change.key, change.after ?? undefined))
    }
    for (const [name, revision] of this.#ahead) if (!(revision > last)) this.#ahead.delete(name)
    return made.filter((one) => one !== undefined)
  }

  replaceAll({ resources, revision }: Snapshot): ReadonlyArray<ResourceChange> {
    this.#floor = revision ?? 0
    this.#ahead.clear()
    return this.index.replaceAll(resources)
  }

  /** It is in what was read. */
  #isOld({ key, revision }: Extract<Change, { readonly _tag: "Changed" }>): boolean {
    if (revision === undefined) return false
    return revision <= this.#floor || (this.#ahead.size > 0 && revision <= (this.#ahead.get(formatKey(key)) ?? 0))
  }
}
