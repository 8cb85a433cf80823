/** Reads from the store where nothing is an answer too. */
import { Effect } from "effect"
import type { Resource, ResourceKey, ResourceType } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"

export const readStored = <T extends ResourceType>(
  key: ResourceKey<T>
): Effect.Effect<Resource<T> | null, StoreUnavailable, Store> =>
  Effect.gen(function*() {
    const store = yield* Store
    return yield* store.get(key).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))
  })
