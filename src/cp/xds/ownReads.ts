/**
 * Which parts of a Dataplane, of what it calls and of a policy a translation reads: a write of anything else is nothing
 * to translate for. Wherever it isn't plain that a part isn't read, it counts as read.
 */
import type { Dataplane, Inbound } from "../../model/Dataplane.ts"
import { LISTEN_LABEL_PREFIX, OUTBOUND_ADDRESS_LABEL, OUTBOUNDS_LABEL } from "../../model/dataplaneLabels.ts"
import { allPolicies, type Policies, type Policy } from "../../model/policies.ts"
import type { Resource } from "../../model/Resource.ts"
import { DISPLAY_NAME_LABEL, ORIGIN_LABEL, WORKLOAD_TAG, ZONE_TAG } from "../../model/Tags.ts"
import { listOf, recordOf } from "../../model/validate/backends.ts"
import type { Destination } from "../snapshot/Destination.ts"
import type { Replaced } from "../snapshot/Impact.ts"
import { sameData } from "../snapshot/sameData.ts"
import { hasLabels, textsOf, type WantedLabels } from "./backends.ts"
import { type Routes, selectsDataplane } from "./policies/selection.ts"
import { onceFor } from "./share/onceFor.ts"

/** What stands in a policy's labels and says whom it is about, or which of two policies has the last word. */
const POLICY_LABELS = [ORIGIN_LABEL, ZONE_TAG, DISPLAY_NAME_LABEL, "kuma.io/policy-role", "kuma.io/effect"]

const DATAPLANE_LABELS: ReadonlySet<string> = new Set([
  OUTBOUNDS_LABEL,
  OUTBOUND_ADDRESS_LABEL,
  ORIGIN_LABEL,
  ZONE_TAG,
  // Stands in what kuma-dp puts on its metrics, and in access logs.
  WORKLOAD_TAG
])

/** Whether an inbound is well is its callers' business: it listens all the same, unless it is ignored. */
const withoutHealth = ({ health: _, state, ...inbound }: Inbound) => ({ ...inbound, ignored: state === "Ignored" })

const sameListening = (before: Dataplane, after: Dataplane): boolean => {
  const { networking: { inbound: inboundBefore, ...networkingBefore } = {}, ...restBefore } = before
  const { networking: { inbound: inboundAfter, ...networkingAfter } = {}, ...restAfter } = after
  return sameData(networkingBefore, networkingAfter) && sameData(restBefore, restAfter) &&
    sameData(inboundBefore?.map(withoutHealth), inboundAfter?.map(withoutHealth))
}

const sameLabels = (before: Resource, after: Resource, read: (label: string) => boolean): boolean =>
  [...Object.keys(before.labels), ...Object.keys(after.labels)].every((label) =>
    before.labels[label] === after.labels[label] || !read(label)
  )

/** `selecting`: labels that some policy of the mesh picks Dataplanes by, or did until now. */
export const readsDataplane = (
  { before, after }: Replaced<Resource<"Dataplane">>,
  selecting: () => ReadonlySet<string>
): boolean =>
  before === undefined || after === undefined || !sameListening(before.spec, after.spec) ||
  !sameLabels(before, after, (label) =>
    DATAPLANE_LABELS.has(label) || label.startsWith(LISTEN_LABEL_PREFIX) || selecting().has(label))

/** The labels by which some of these policies pick Dataplanes. */
export const selectingLabels = (policies: Iterable<Policy | undefined>): ReadonlySet<string> =>
  new Set([...policies].flatMap((policy) => Object.keys(policy?.spec.targetRef?.labels ?? {})))

const withoutLabels = ({ labels: { [ORIGIN_LABEL]: origin }, ...destination }: Destination) => ({ origin, destination })

/** Whether it has the labels now, or had them before, but not both. */
export const isPickedAnew = ({ before, after }: Replaced<Destination>, wanted: WantedLabels): boolean =>
  (before !== undefined && hasLabels(wanted, before)) !== (after !== undefined && hasLabels(wanted, after))

/**
 * Whether its callers are told something else of it than before. Of its labels that is those that say where it is from,
 * and `said`: those by which some policy of the mesh picks what it is about.
 */
export const readsDestination = (
  change: Replaced<Destination>,
  said: () => ReadonlyArray<WantedLabels>
): boolean =>
  change.before === undefined || change.after === undefined ||
  !sameData(withoutLabels(change.before), withoutLabels(change.after)) ||
  said().some((wanted) => isPickedAnew(change, wanted))

/** The labels by which policies pick what they are about among what is called. One that can't be read picks nothing. */
export const labelsOfCallees = onceFor((policies: Policies): ReadonlyArray<WantedLabels> =>
  allPolicies(policies).flatMap(({ spec }) => listOf(recordOf(spec)["to"])).flatMap(({ targetRef }) => {
    const labels = textsOf(recordOf(targetRef)["labels"])
    return Object.keys(labels).length === 0 ? [] : [labels]
  }))

export const samePolicy = ({ before, after }: Replaced<Policy>): boolean =>
  before !== undefined && after !== undefined && sameData(before.spec, after.spec) &&
  // Others may be about a route, and pick it by any label.
  sameLabels(before, after, (label) => before.type === "MeshHTTPRoute" || POLICY_LABELS.includes(label))

/**
 * Whether the policy says anything of this Dataplane. What it says of inbounds is said of a Dataplane that it is about:
 * a policy that picks one inbound picks its Dataplane. One that is about a route concerns whom the route does; if that
 * is another at the same time, that tells for itself.
 */
export const concerns = (policy: Policy | undefined, dataplane: Resource<"Dataplane">, routes: Routes): boolean => {
  try {
    return policy !== undefined && selectsDataplane(policy, dataplane, routes)
  } catch {
    // One that can't be read is the translation's to tell of.
    return true
  }
}
