/**
 * Where a container instance is reached, for tasks without a network interface of their own (bridge and host).
 * ECS doesn't tell an instance's address. The default reads the custom attribute `ecs-mesh.io/address`, which the
 * instance sets at start (`ECS_INSTANCE_ATTRIBUTES={"ecs-mesh.io/address":"10.0.1.5"}` in /etc/ecs/ecs.config).
 */
import { Context, Effect, Layer } from "effect"
import type { AwsCallFailed } from "./AwsCallFailed.ts"
import { EcsReader } from "./EcsReader.ts"

export const ADDRESS_ATTRIBUTE = "ecs-mesh.io/address"

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
      return {
        resolve: Effect.fn("HostAddress.resolve")(function*(cluster: string, instance: string) {
          const attributes = yield* instanceAttributes(cluster, instance)
          return attributes[ADDRESS_ATTRIBUTE] ?? null
        })
      }
    })
  )
}
