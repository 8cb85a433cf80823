/** Answers what is asked about how things are. */
import { Effect } from "effect"
import { Inspector } from "../../inspect/Inspector.ts"
import type { ApiRequest, ApiResponse } from "../ApiRequest.ts"
import { notInspected, type Refusal } from "../Refusal.ts"
import { inTurn } from "../Turns.ts"
import type { InspectEntry, Parameters } from "./InspectEntry.ts"

export const inspect = (
  request: ApiRequest,
  { entry, parameters }: { readonly entry: InspectEntry; readonly parameters: Parameters }
): Effect.Effect<ApiResponse, Refusal> =>
  Effect.flatMap(Inspector, (inspector): Effect.Effect<ApiResponse, Refusal> => {
    if (inspector === null) return Effect.fail(notInspected)
    const answer = entry.answer({ request, inspector, parameter: (name) => parameters[name] ?? "" })
    return entry.isTold === true ? answer : inTurn(request.caller, answer)
  })
