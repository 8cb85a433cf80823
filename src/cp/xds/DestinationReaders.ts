/**
 * Who is to be translated anew for a destination that is another: who names it, who picks by labels, who has all of
 * them bound. Entries are as of each proxy's last translation.
 */
import type { ProxyId } from "../../model/ProxyType.ts"
import type { Resource } from "../../model/Resource.ts"
import type { DestinationChange } from "../snapshot/Destination.ts"
import { fileUnder, takeFrom } from "../../model/fileUnder.ts"
import { externalKey } from "../snapshot/MeshDestinations.ts"
import { backendReads, textsOf, type WantedLabels } from "./backends.ts"
import { isPickedAnew, readsDestination } from "./ownReads.ts"

/** What of a proxy says so. */
export interface DestinationReader {
  readonly proxy: ProxyId
  readonly reads: ReadonlyArray<string>
  readonly bindsOutbounds: boolean
}

/** Among what a proxy reads: each destination that comes or goes may be meant. */
export const ANY_DESTINATION = "*"

/** Among what a proxy reads: it picks by these labels, so that any destination may be meant. */
export const pickedBy = (labels: WantedLabels): string => `${ANY_DESTINATION}${JSON.stringify(labels)}`

const isAny = (read: string): boolean => read.startsWith(ANY_DESTINATION)

/** None of what `pickedBy` didn't make. */
const labelsOf = (read: string): ReadonlyArray<WantedLabels> =>
  isAny(read) && read !== ANY_DESTINATION ? [textsOf(JSON.parse(read.slice(ANY_DESTINATION.length)))] : []

interface Entry {
  readonly mesh: string
  readonly all: boolean
  readonly addresses: boolean
  readonly keys: ReadonlySet<string>
  readonly picked: ReadonlyArray<WantedLabels>
}

const EXTERNAL = externalKey("")

/** The value of `kuma.io/service` that the change is about, where it is one of ExternalServices. */
export const externalService = ({ key }: DestinationChange): string | undefined =>
  key.startsWith(EXTERNAL) ? key.slice(EXTERNAL.length) : undefined

const same = (before: Entry | undefined, after: Entry): boolean =>
  before !== undefined && before.mesh === after.mesh && before.all === after.all &&
  before.addresses === after.addresses && before.keys.size === after.keys.size &&
  [...after.keys].every((key) => before.keys.has(key))

export class DestinationReaders<D extends DestinationReader> {
  readonly #entries = new Map<D, Entry>()
  readonly #byKey = new Map<string, Set<D>>()
  /** By mesh. */
  readonly #ofAll = new Map<string, Set<D>>()
  readonly #bound = new Map<string, Set<D>>()

  /** `dataplane`: undefined for zone proxies, which call nothing by reference. */
  put(reader: D, dataplane: Resource<"Dataplane"> | undefined): void {
    const own = dataplane === undefined ? undefined : backendReads(dataplane, reader.bindsOutbounds)
    const reads = [...reader.reads, ...own?.named ?? [], ...(own?.picked ?? []).map(pickedBy)]
    const entry: Entry = {
      mesh: reader.proxy.mesh,
      all: (own?.all ?? false) || reads.some(isAny),
      addresses: own?.addresses ?? false,
      keys: new Set(reads.map((key) => `${reader.proxy.mesh}/${key}`)),
      picked: reads.flatMap(labelsOf)
    }
    if (same(this.#entries.get(reader), entry)) return
    this.remove(reader)
    // Most call by tags.
    if (!entry.all && !entry.addresses && entry.keys.size === 0) return
    this.#entries.set(reader, entry)
    for (const key of entry.keys) fileUnder(this.#byKey, key, reader)
    if (entry.all) fileUnder(this.#ofAll, entry.mesh, reader)
    if (entry.addresses) fileUnder(this.#bound, entry.mesh, reader)
  }

  remove(reader: D): void {
    const entry = this.#entries.get(reader)
    if (entry === undefined) return
    this.#entries.delete(reader)
    for (const key of entry.keys) takeFrom(this.#byKey, key, reader)
    takeFrom(this.#ofAll, entry.mesh, reader)
    takeFrom(this.#bound, entry.mesh, reader)
  }

  /** `said`: the labels by which some policy of the mesh picks what is called. */
  *of(change: DestinationChange, said: () => ReadonlyArray<WantedLabels>): Generator<D, undefined> {
    const { key, mesh } = change
    const ofAll = key.startsWith(EXTERNAL) ? [] : this.#ofAll.get(mesh) ?? []
    if (readsDestination(change, said)) {
      yield* this.#byKey.get(`${mesh}/${key}`) ?? []
      yield* ofAll
      return
    }
    for (const reader of ofAll) {
      if (this.#entries.get(reader)?.picked.some((labels) => isPickedAnew(change, labels)) === true) yield reader
    }
  }

  *boundIn(mesh: string): Generator<D, undefined> {
    yield* this.#bound.get(mesh) ?? []
  }
}
