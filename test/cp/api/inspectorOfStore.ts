import { Effect, Layer } from "effect"
import { Inspector } from "../../../src/cp/inspect/Inspector.ts"
import { MeshViews, VIEWED } from "../../../src/cp/snapshot/MeshViews.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { defaultTranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"

/** Looks at what the store holds, as a control plane does that no proxy is connected to. */
export const inspectorOfStore = Layer.effect(
  Inspector,
  Effect.gen(function*() {
    const resources = yield* ResourceCache
    const zone = new MeshViews()
    zone.apply(VIEWED.flatMap((type) => resources.list(type)).map((after) => ({ key: after, before: undefined, after })))
    resources.onChange((changes) => void zone.apply(changes))
    return {
      instanceId: "instance-1", adminPort: 9901, resources, zone, stream: () => null,
      settings: () => defaultTranslateSettings
    }
  })
).pipe(Layer.provide(ResourceCacheLive))
