/** A store in which somebody else does something right before a type is put first. */
import { Effect } from "effect"
import type { Store } from "../../../src/model/Store.ts"
import { emptyMesh } from "./testDatabases.ts"

type Act = (store: Store["Service"]) => Effect.Effect<void>

export const beset = (store: Store["Service"], type: string, act: Act): Store["Service"] => {
  let isDue = true
  return {
    ...store,
    put: (desired, options) => {
      if (!isDue || desired.type !== type) return store.put(desired, options)
      isDue = false
      return Effect.andThen(act(store), store.put(desired, options))
    }
  }
}

/** As the API does: what is in it goes with it, and a proxy that is in it keeps it. */
export const removeMesh: Act = (store) =>
  Effect.orDie(store.remove(emptyMesh(), {
    within: { mesh: "default", choose: (there) => there.some(({ type }) => type === "Dataplane") ? null : there }
  }))

/** Its proxies went before. */
export const removeAll: Act = (store) =>
  Effect.andThen(
    Effect.orDie(Effect.flatMap(store.list("Dataplane"), Effect.forEach((one) => store.remove(one)))),
    removeMesh(store)
  )
