/**
 * Brings a subscription up to a newer snapshot: which names differ from what the proxy has. Pure. Costs a look at each
 * of the type's resources that changed, or at all where their set doesn't know which did; no copy, and nothing where
 * the snapshot has the same map as before.
 */
import { changedSince } from "../xds/ResourceSet.ts"
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
  const changed = changedSince(resources, seen)
  if (changed === null) lookAtAll(seen, resources, look)
  else for (const name of changed) look(name, seen.get(name), resources.get(name))
  const after: ReadonlyMap<string, Pending> = pending ?? before.pending
  return { ...before, seen: resources, pending: after.size === 0 ? NOTHING_PENDING : after }
}

const lookAtAll = (
  seen: Resources,
  resources: Resources,
  look: (name: string, had: XdsResource | undefined, now: XdsResource | undefined) => void
): void => {
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
}

const isDone = ({ known, owed, rejected }: Pending, now: XdsResource | undefined): boolean =>
  !owed && rejected === null && known?.version === now?.version
