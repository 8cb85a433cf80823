/**
 * Where a container instance is reached, for tasks without a network interface of their own (bridge and host).
 * ECS doesn't tell an instance's address. The default reads the custom attribute `ecs-mesh.io/address`, which the
 * instance sets at start (`ECS_INSTANCE_ATTRIBUTES={"ecs-mesh.io/address":"10.0.1.5"}` in /etc/ecs/ecs.config).
 */
import { Cache, Context, Effect, Exit, Layer } from "effect"
import type { AwsCallFailed } from "./AwsCallFailed.ts"
import { EcsReader } from "./EcsReader.ts"

export const ADDRESS_ATTRIBUTE = "ecs-mesh.io/address"

/** An instance's tasks are looked at often, and its address hardly ever changes; one without is asked anew. */
const REMEMBERED = "5 minutes"

export class HostAddress extends Context.Service<
  HostAddress,
  {
    /** Null where the instance doesn't say. */
    readonly resolve: (cluster: string, containerInstanceArn: string) => Effect.Effect<string | null, AwsCallFailed>
  }
>()("ecs-mesh/controllers/aws/HostAddress") {
  static readonly layer: Layer.Layer<HostAddress, never, EcsReader> = Layer.effect(
    HostAddress,
    Effect.gen(function*() {
      const { instanceAttributes } = yield* EcsReader
      const addresses = yield* Cache.makeWith(
        Effect.fnUntraced(function*(place: string) {
          const [cluster = "", instance = ""] = place.split(" ")
          const attributes = yield* instanceAttributes(cluster, instance)
          return attributes[ADDRESS_ATTRIBUTE] ?? null
        }),
        { capacity: 10_000, timeToLive: (exit) => (Exit.isSuccess(exit) && exit.value !== null ? REMEMBERED : 0) }
      )
      return { resolve: (cluster, instance) => Cache.get(addresses, `${cluster} ${instance}`) }
    })
  )
}
