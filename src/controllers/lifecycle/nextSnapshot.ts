/**
 * The machine's transition, taken once for each snapshot and event: an event says no more than a handful of facts, and
 * a storm brings the same few thousands of times. What the machine says is never changed, so it may be shared. Pure.
 */
import { transition } from "xstate"
import type { ProxyEvent, ProxyMachine } from "./proxyMachine.ts"
import type { Snapshot } from "./restore.ts"

const taken = new WeakMap<Snapshot, Map<string, Snapshot>>()

export const nextSnapshot = (machine: ProxyMachine, snapshot: Snapshot, event: ProxyEvent): Snapshot => {
  const known = taken.get(snapshot) ?? new Map<string, Snapshot>()
  taken.set(snapshot, known)
  const name = JSON.stringify(event)
  const before = known.get(name)
  if (before !== undefined) return before
  const [next] = transition(machine, snapshot, event)
  known.set(name, next)
  return next
}
