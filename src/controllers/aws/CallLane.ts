/**
 * Who goes first where calls to AWS are scarce. `urgent`: an event, the store or the task itself asks for it. `bulk`:
 * only its time has come, as for a look at its health or the full look at everything.
 */
import { Context } from "effect"

export type Lane = "urgent" | "bulk"

/** What nobody calls bulk is urgent. */
export const CallLane = Context.Reference<Lane>("ecs-mesh/controllers/aws/CallLane", {
  defaultValue: () => "urgent"
})
