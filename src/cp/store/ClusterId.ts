/** What names this installation: the same for all replicas on one database, and no other's. It is made with it. */
import { Context, Effect, Layer } from "effect"
import { Store, StoreUnavailable } from "../../model/Store.ts"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"
import { openConnection } from "./DedicatedConnection.ts"

const ANSWER_TIMEOUT_MILLIS = 10_000

const read = Effect.fn("ClusterId.read")(function*(config: StoreConfig) {
  // Whoever has a store has its tables.
  yield* Store
  const { query } = yield* openConnection(config, "cluster id", ANSWER_TIMEOUT_MILLIS)
  const [row] = yield* query<{ id: string }>("SELECT id FROM cluster")
  return row === undefined
    ? yield* new StoreUnavailable({ operation: "cluster id", message: "the table `cluster` is empty" })
    : { id: row.id }
}, Effect.scoped)

export class ClusterId extends Context.Service<ClusterId, { readonly id: string }>()("ecs-mesh/cp/store/ClusterId") {
  static readonly layer = (config: StoreConfig): Layer.Layer<ClusterId, StoreUnavailable, Store> =>
    Layer.effect(ClusterId, read(config))
}
