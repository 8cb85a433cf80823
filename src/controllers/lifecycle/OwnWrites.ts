/**
 * What the operator itself wrote last of each task and of its proxy's resource, so that a change somebody else made is
 * told from its own. Kept in memory: after a restart everything is looked at anyway.
 */
import { Context, Layer } from "effect"
import { formatKey, type ResourceKey } from "../../model/Resource.ts"

/** Of what is being made, any version is the own one: who makes it is the first. */
const ANY = { first: 0, last: Number.POSITIVE_INFINITY }

export class OwnWrites extends Context.Service<
  OwnWrites,
  {
    /** `version` null: removed. `new`: about to be made where nothing is; the store says with which version. */
    readonly note: (key: ResourceKey, version: number | "new" | null) => void
    /** Nobody knows what became of it: whoever tells of it may be somebody else. */
    readonly forget: (key: ResourceKey) => void
    /**
     * Whether the store holds, or held before, what was noted last: nobody else's write stands between. A removal is
     * asked about once: then nothing is left to remember.
     */
    readonly isOwn: (key: ResourceKey, version: number | null) => boolean
    /** Whether this version was known before: the operator wrote it, or asked about it already. */
    readonly knows: (key: ResourceKey, version: number) => boolean
    /** The same, asked in passing: it is known no better afterwards. */
    readonly hasSeen: (key: ResourceKey, version: number) => boolean
  }
>()("ecs-mesh/controllers/lifecycle/OwnWrites") {
  static readonly layer: Layer.Layer<OwnWrites> = Layer.sync(OwnWrites, () => {
    /** Versions that follow each other, of which the store hasn't told yet; `last` null: removed. */
    const written = new Map<string, { readonly first: number; readonly last: number | null }>()
    const seen = new Map<string, number>()
    const see = (key: ResourceKey, version: number | null): void => {
      if (version === null) seen.delete(formatKey(key))
      else seen.set(formatKey(key), version)
    }
    return {
      note: (key, version) => {
        if (version === "new") {
          written.set(formatKey(key), ANY)
          return
        }
        const before = written.get(formatKey(key))
        const follows = version !== null && typeof before?.last === "number" && before.last !== ANY.last &&
          version >= before.first && version <= before.last + 1
        written.set(formatKey(key), { first: follows ? before.first : version ?? 0, last: version })
        see(key, version)
      },
      forget: (key) => {
        written.delete(formatKey(key))
        seen.delete(formatKey(key))
      },
      hasSeen: (key, version) => seen.get(formatKey(key)) === version,
      knows: (key, version) => {
        const known = seen.get(formatKey(key)) === version
        see(key, version)
        return known
      },
      isOwn: (key, version) => {
        const { first = 0, last } = written.get(formatKey(key)) ?? {}
        const own = version === null || typeof last !== "number" ? last === version : version >= first && version <= last
        // The store tells in order: an older one from now on was removed and made anew.
        if (own && version !== null && last !== undefined) written.set(formatKey(key), { first: version, last })
        if (version === null) {
          written.delete(formatKey(key))
          see(key, null)
        }
        return own
      }
    }
  })
}
