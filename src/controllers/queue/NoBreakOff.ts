/**
 * A bulk look is broken off where its key is asked for urgently, until whoever looks says that it has begun to write:
 * what was half done would be anybody's guess.
 */
import { Context } from "effect"

export const NoBreakOff = Context.Reference<() => void>("ecs-mesh/controllers/queue/NoBreakOff", {
  defaultValue: () => () => {}
})
