/** Where the API finds out what is known of services: from the cache, as it is at that moment. */
import { Context, Effect, Layer } from "effect"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { ServiceStatuses, type StatusSettings } from "./ServiceStatuses.ts"

export class StatusReader extends Context.Service<
  StatusReader,
  {
    /** For one request. */
    readonly read: () => ServiceStatuses
  }
>()("ecs-mesh/cp/services/StatusReader") {
  static readonly layer = (settings: StatusSettings): Layer.Layer<StatusReader, never, ResourceCache> =>
    Layer.effect(
      StatusReader,
      Effect.map(ResourceCache, (cache) => ({ read: () => new ServiceStatuses(cache, settings) }))
    )
}
