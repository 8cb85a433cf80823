/**
 * What the operator itself wrote last of each task and of its proxy's resource, so that a change somebody else made is
 * told from its own. Kept in memory: after a restart everything is looked at anyway.
 */
import { Context, Layer } from "effect"
import { formatKey, type ResourceKey } from "../../model/Resource.ts"

export class OwnWrites extends Context.Service<
  OwnWrites,
  {
    /** `version` null: removed. */
    readonly note: (key: ResourceKey, version: number | null) => void
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
    const written = new Map<string, number | null>()
    const seen = new Map<string, number>()
    const see = (key: ResourceKey, version: number | null): void => {
      if (version === null) seen.delete(formatKey(key))
      else seen.set(formatKey(key), version)
    }
    return {
      note: (key, version) => {
        written.set(formatKey(key), version)
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
        const last = written.get(formatKey(key))
        const own = last === version || (typeof last === "number" && version !== null && version < last)
        if (version === null) {
          written.delete(formatKey(key))
          see(key, null)
        }
        return own
      }
    }
  })
}
