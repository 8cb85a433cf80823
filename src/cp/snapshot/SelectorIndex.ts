/** Which MeshServices may select a Dataplane: a few of many, found by one of the tags that they ask for. */
import type { MeshServiceSelector } from "../../model/MeshService.ts"
import type { Resource } from "../../model/Resource.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { tagSets } from "../../model/tagSets.ts"
import { fileUnder, takeFrom } from "../../model/fileUnder.ts"

const tagKey = (tag: string, value: string): string => `${tag}=${value}`

const NONE: ReadonlySet<string> = new Set()

export class SelectorIndex {
  readonly #keys = new Map<string, string>()
  readonly #byKey = new Map<string, Set<string>>()

  add(service: string, selector: MeshServiceSelector): void {
    const key = keyOf(selector)
    if (key === undefined) return
    this.#keys.set(service, key)
    fileUnder(this.#byKey, key, service)
  }

  remove(service: string): void {
    const key = this.#keys.get(service)
    if (key === undefined) return
    this.#keys.delete(service)
    takeFrom(this.#byKey, key, service)
  }

  /** At least all that select one of these. */
  candidates(...dataplanes: ReadonlyArray<Resource<"Dataplane"> | undefined>): ReadonlySet<string> {
    if (this.#keys.size === 0) return NONE
    const found = new Set<string>(this.#byKey.get(ANYBODY))
    for (const dataplane of dataplanes) {
      if (dataplane === undefined) continue
      const keys = new Set([`name ${dataplane.name}`])
      for (const tags of tagSets(dataplane.spec)) for (const tag in tags) keys.add(tagKey(tag, tags[tag] ?? ""))
      for (const key of keys) for (const service of this.#byKey.get(key) ?? NONE) found.add(service)
    }
    return found
  }
}

/** By labels: those aren't many. */
const ANYBODY = "any"

/** Undefined where it selects nobody. */
const keyOf = ({ dataplaneLabels, dataplaneRef, dataplaneTags }: MeshServiceSelector): string | undefined => {
  if (dataplaneRef !== undefined) return `name ${dataplaneRef.name ?? ""}`
  if (dataplaneTags === undefined) return dataplaneLabels === undefined ? undefined : ANYBODY
  const tags = Object.keys(dataplaneTags)
  const tag = tags.includes(SERVICE_TAG) ? SERVICE_TAG : tags[0]
  const value = tag === undefined ? undefined : dataplaneTags[tag]
  return tag === undefined || value === undefined || value === "*" ? ANYBODY : tagKey(tag, value)
}
