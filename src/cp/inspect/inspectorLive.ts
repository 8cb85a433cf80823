/** The `Inspector` of a control plane that serves proxies. */
import { Effect, Layer } from "effect"
import { AdsServer } from "../server/AdsServer.ts"
import { ProxySnapshots } from "../server/ProxySnapshots.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { Inspector } from "./Inspector.ts"

export const inspectorLive = (own: Pick<Inspector, "adminPort" | "instanceId">) =>
  Layer.effect(
    Inspector,
    Effect.gen(function*() {
      const resources = yield* ResourceCache
      const { settings, zone } = yield* ProxySnapshots
      const { stream } = yield* AdsServer
      return { ...own, resources, zone, stream, settings }
    })
  )
