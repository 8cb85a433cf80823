/** The traces that are under way, or null where nothing is traced: whoever asks then does nothing further. */
import { Context } from "effect"
import type { EventTraces } from "./EventTraces.ts"

export const Traces: Context.Reference<EventTraces | null> = Context.Reference<EventTraces | null>(
  "ecs-mesh/cp/tracing/Traces",
  { defaultValue: () => null }
)
