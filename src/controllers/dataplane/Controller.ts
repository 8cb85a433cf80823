/** Looks after the tasks that run a workload's proxy. */
import { Context, Effect, Layer } from "effect"
import type { Journal } from "../../model/Journal.ts"
import type { Store } from "../../model/Store.ts"
import { reconcileProxy } from "../lifecycle/reconcileProxy.ts"
import type { ProxyController } from "../lifecycle/ProxyController.ts"
import type { LastStored } from "../lifecycle/LastStored.ts"
import type { OwnWrites } from "../lifecycle/OwnWrites.ts"
import type { OperatorConfig } from "../OperatorConfig.ts"
import { provideOnce } from "../provideOnce.ts"
import { dataplaneKind } from "./desired.ts"
import type { EndpointHolders } from "./EndpointHolders.ts"
import { observe } from "./observe.ts"

export class DataplaneController extends Context.Service<DataplaneController, ProxyController>()(
  "ecs-mesh/controllers/dataplane/DataplaneController"
) {
  static readonly layer = ({ aws, zone }: OperatorConfig): Layer.Layer<
    DataplaneController,
    never,
    Store | Journal | OwnWrites | LastStored | EndpointHolders
  > =>
    Layer.effect(
      DataplaneController,
      Effect.gen(function*() {
        const provide = provideOnce(yield* Effect.context<Store | Journal | OwnWrites | LastStored | EndpointHolders>())
        const kind = dataplaneKind({ zone, copyTags: aws.copyTags, outboundAddress: aws.outboundAddress })
        return {
          reconcile: Effect.fnUntraced(function*(key, look, previous) {
            return yield* reconcileProxy(kind, key, yield* observe(look, previous))
          }, provide)
        }
      })
    )
}
