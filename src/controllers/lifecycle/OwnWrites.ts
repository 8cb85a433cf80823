/**
 * What the operator itself wrote last of each task and of its proxy's resource, so that a change somebody else made is told from its
 * own. Kept in memory: after a restart everything is looked at anyway.
 */
import { Context, Layer } from "effect"
import { formatKey, type ResourceKey } from "../../model/Resource.ts"

export class OwnWrites extends Context.Service<
  OwnWrites,
  {
    /** `version` null: removed. */
    readonly note: (key: ResourceKey, version: number | null) => void
    /** Whether the store holds what was noted last. A removal is asked about once: then nothing is left to remember. */
    readonly isOwn: (key: ResourceKey, version: number | null) => boolean
  }
>()("ecs-mesh/controllers/lifecycle/OwnWrites") {
  static readonly layer: Layer.Layer<OwnWrites> = Layer.sync(OwnWrites, () => {
    const written = new Map<string, number | null>()
    return {
      note: (key, version) => void written.set(formatKey(key), version),
      isOwn: (key, version) => {
        const own = written.get(formatKey(key)) === version
        if (version === null) written.delete(formatKey(key))
        return own
      }
    }
  })
}
