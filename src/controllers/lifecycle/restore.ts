/** The machine's snapshot for a stored phase: nothing of it is kept in memory between two looks, so nothing is lost. */
import type { SnapshotFrom } from "xstate"
import type { TaskPhase } from "../../model/EcsTask.ts"
import { nothingKnown } from "./Facts.ts"
import type { ProxyMachine } from "./proxyMachine.ts"

export type Snapshot = SnapshotFrom<ProxyMachine>

export const restore = (machine: ProxyMachine, phase: TaskPhase): Snapshot =>
  machine.resolveState({ value: phase, context: { facts: nothingKnown } })
