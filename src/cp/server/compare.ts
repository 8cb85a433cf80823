/**
 * Brings a subscription up to a newer snapshot: which names differ from what the proxy has. Pure. Costs a look at each
 * of the type's resources, not a copy, and nothing where the snapshot has the same map as before.
 */
import type { XdsResource } from "../xds/XdsResource.ts"
import { NOTHING_PENDING, type Pending, type Resources, type Subscription, wants } from "./Subscription.ts"

export const compare = (before: Subscription, resources: Resources): Subscription => {
  const { seen } = before
  if (seen === resources) return before
  let pending: Map<string, Pending> | null = null
  const look = (name: string, had: XdsResource | undefined, now: XdsResource | undefined): void => {
    const was = (pending ?? before.pending).get(name)
    if (was === undefined) {
      if (had?.version === now?.version || !wants(before, name)) return
      const known = had === undefined ? null : { version: had.version, resource: had }
      pending ??= new Map(before.pending)
      pending.set(name, { known, owed: false, rejected: null })
    } else if (isDone(was, now)) {
      pending ??= new Map(before.pending)
      pending.delete(name)
    }
  }
  let shared = 0
  for (const [name, now] of resources) {
    const had = seen.get(name)
    if (had !== undefined) shared += 1
    // Resources are built once: where nothing changed it is the same object.
    if (had !== now) look(name, had, now)
  }
  if (shared < seen.size) {
    for (const [name, had] of seen) if (!resources.has(name)) look(name, had, undefined)
  }
  const after: ReadonlyMap<string, Pending> = pending ?? before.pending
  return { ...before, seen: resources, pending: after.size === 0 ? NOTHING_PENDING : after }
}

const isDone = ({ known, owed, rejected }: Pending, now: XdsResource | undefined): boolean =>
  !owed && rejected === null && known?.version === now?.version
