/** The machine's snapshot for a stored phase: nothing of it is kept in memory between two looks, so nothing is lost. */
import type { SnapshotFrom } from "xstate"
import type { TaskPhase } from "../../model/EcsTask.ts"
import { nothingKnown } from "./Facts.ts"
import type { ProxyMachine } from "./proxyMachine.ts"

export type Snapshot = SnapshotFrom<ProxyMachine>

/** One for each phase, however often it is asked for. */
const restored = new WeakMap<ProxyMachine, Map<TaskPhase, Snapshot>>()

export const restore = (machine: ProxyMachine, phase: TaskPhase): Snapshot => {
  const known = restored.get(machine) ?? new Map<TaskPhase, Snapshot>()
  restored.set(machine, known)
  const snapshot = known.get(phase) ?? machine.resolveState({ value: phase, context: { facts: nothingKnown } })
  known.set(phase, snapshot)
  return snapshot
}
