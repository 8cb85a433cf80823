/** This control plane's own zone, which is there from the start as with Kuma. */
import { Effect } from "effect"
import type { DesiredResource } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"

/** `name`: the empty string where this control plane names none. */
export const ensureZone = Effect.fn("ensureZone")(function*(name: string) {
  if (name === "") return
  const store = yield* Store
  const zone: DesiredResource<"Zone"> = { type: "Zone", mesh: "", name, labels: {}, spec: {} }
  yield* store.get(zone).pipe(
    Effect.asVoid,
    // Another replica may come first.
    Effect.catchTag("NotFound", () =>
      store.put(zone, { expect: "absent" }).pipe(Effect.asVoid, Effect.catchTag("Conflict", () => Effect.void)))
  )
})
