/** Looks after the tasks that run a zone's egress. */
import { Context, Effect, Layer } from "effect"
import type { Journal } from "../../model/Journal.ts"
import type { Store } from "../../model/Store.ts"
import type { ProxyController } from "../lifecycle/ProxyController.ts"
import { reconcileProxy } from "../lifecycle/reconcileProxy.ts"
import type { LastStored } from "../lifecycle/LastStored.ts"
import type { OwnWrites } from "../lifecycle/OwnWrites.ts"
import type { OperatorConfig } from "../OperatorConfig.ts"
import { egressKind } from "./desired.ts"
import { observe } from "./observe.ts"

export class EgressController extends Context.Service<EgressController, ProxyController>()(
  "ecs-mesh/controllers/egress/EgressController"
) {
  static readonly layer = ({ zone }: OperatorConfig): Layer.Layer<
    EgressController,
    never,
    Store | Journal | OwnWrites | LastStored
  > =>
    Layer.effect(
      EgressController,
      Effect.gen(function*() {
        const services = yield* Effect.context<Store | Journal | OwnWrites | LastStored>()
        const kind = egressKind(zone)
        return {
          reconcile: Effect.fn("EgressController.reconcile")(function*(key, look, previous) {
            return yield* reconcileProxy(kind, key, yield* observe(look, previous))
          }, Effect.provide(services))
        }
      })
    )
}
