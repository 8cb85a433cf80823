/**
 * A look is broken off where its key is asked for more urgently, until whoever looks says that it has begun to write:
 * what was half done would be anybody's guess.
 */
import { Context, Effect, type Fiber } from "effect"

/** Told which look by its fiber, it is the same for all of them: what looks are provided with is put together once. */
export const NoBreakOff = Context.Reference<(look: Fiber.Fiber<unknown, unknown>) => void>(
  "ecs-mesh/controllers/queue/NoBreakOff",
  { defaultValue: () => () => {} }
)

/** To be said in the look's own fiber. */
export const noBreakOff: Effect.Effect<void> = Effect.flatMap(NoBreakOff, (say) => Effect.map(Effect.fiber, say))
