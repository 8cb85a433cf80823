/** What every kind's controller offers. */
import type { Effect } from "effect"
import type { Resource } from "../../model/Resource.ts"
import type { Conflict, StoreUnavailable } from "../../model/Store.ts"
import type { Outcome } from "../queue/Outcome.ts"
import type { TaskObservation } from "./TaskObservation.ts"

export interface ProxyController {
  /** Makes the store say what follows from this look at a task. `previous`: what was decided last. */
  readonly reconcile: (
    key: string,
    look: TaskObservation,
    previous: Resource<"EcsTask"> | null
  ) => Effect.Effect<Outcome, Conflict | StoreUnavailable>
}
