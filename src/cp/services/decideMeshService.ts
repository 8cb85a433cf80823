/**
 * What is to be done about the MeshService of one name: it is generated from the Dataplanes that offer it, and goes a
 * while after the last of them. A user's own is left alone. Pure: the same in, the same out, whoever leads.
 */
import type { Mesh } from "../../model/Mesh.ts"
import type { MeshServicePort } from "../../model/MeshService.ts"
import { compareText } from "../../model/order.ts"
import type { DesiredResource, Resource } from "../../model/Resource.ts"
import { GRACE_LABEL, isLocal } from "../../model/services/serviceNames.ts"
import { DISPLAY_NAME_LABEL, ENV_LABEL, MESH_TAG, ORIGIN_LABEL, SERVICE_TAG, ZONE_TAG } from "../../model/Tags.ts"
import { sameData } from "../snapshot/sameData.ts"

export const MANAGED_BY_LABEL = "kuma.io/managed-by"
export const MANAGED_BY = "meshservice-generator"

/** What one Dataplane offers under the name. */
export interface Offer {
  readonly dataplane: string
  readonly creationTime: string
  readonly ports: ReadonlyArray<MeshServicePort>
}

export interface MeshServiceInput {
  readonly mesh: string
  readonly name: string
  readonly zone: string
  /** Undefined while the mesh isn't there. */
  readonly mode: NonNullable<Mesh["meshServices"]>["mode"]
  readonly offers: ReadonlyArray<Offer>
  readonly existing: Resource<"MeshService"> | undefined
  /** Unix milliseconds. */
  readonly now: number
  readonly graceMillis: number
}

export interface MeshServiceDecision {
  /** Undefined: nothing is written. */
  readonly put?: DesiredResource<"MeshService">
  readonly remove?: true
  /** When to look again, whatever happens. */
  readonly wakeAt?: number
  /** Dataplanes whose ports aren't the service's. */
  readonly conflicting: ReadonlyArray<string>
}

const byOffer = (a: Offer, b: Offer): number =>
  compareText(a.creationTime, b.creationTime) || compareText(a.dataplane, b.dataplane)

const isManaged = ({ labels }: Resource<"MeshService">): boolean => labels[MANAGED_BY_LABEL] === MANAGED_BY

const NOTHING: MeshServiceDecision = { conflicting: [] }

const specOf = (name: string, ports: ReadonlyArray<MeshServicePort>): DesiredResource<"MeshService">["spec"] => ({
  state: "Unavailable",
  selector: { dataplaneTags: { [SERVICE_TAG]: name } },
  ports
})

const labelsOf = ({ existing, mesh, name, zone }: MeshServiceInput): Readonly<Record<string, string>> => {
  const { [GRACE_LABEL]: _, ...others } = existing?.labels ?? {}
  return {
    ...others,
    [MESH_TAG]: mesh,
    [DISPLAY_NAME_LABEL]: name,
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [ENV_LABEL]: "universal",
    [ZONE_TAG]: zone,
    [ORIGIN_LABEL]: "zone"
  }
}

const whileGone = (existing: Resource<"MeshService">, now: number, graceMillis: number): MeshServiceDecision => {
  const since = Date.parse(existing.labels[GRACE_LABEL] ?? "")
  if (Number.isNaN(since)) {
    const labels = { ...existing.labels, [GRACE_LABEL]: new Date(now).toISOString() }
    return { ...NOTHING, put: { ...desired(existing), labels }, wakeAt: now + graceMillis }
  }
  return now >= since + graceMillis ? { ...NOTHING, remove: true } : { ...NOTHING, wakeAt: since + graceMillis }
}

const desired = ({ labels, mesh, name, spec }: Resource<"MeshService">): DesiredResource<"MeshService"> =>
  ({ type: "MeshService", mesh, name, labels, spec })

export const decideMeshService = (input: MeshServiceInput): MeshServiceDecision => {
  const { existing, graceMillis, mesh, mode, name, now } = input
  if (existing !== undefined && (!isManaged(existing) || !isLocal(existing))) return NOTHING
  if (mode === undefined || mode === "Disabled") return existing === undefined ? NOTHING : { ...NOTHING, remove: true }
  const offers = [...input.offers].sort(byOffer)
  const [oldest] = offers
  if (oldest === undefined) return existing === undefined ? NOTHING : whileGone(existing, now, graceMillis)
  // What it has stays for as long as anybody offers it: a deploy with other ports moves nobody who is there.
  const kept = offers.find(({ ports }) => sameData(ports, existing?.spec.ports)) ?? oldest
  const conflicting = offers.filter(({ ports }) => !sameData(ports, kept.ports)).map(({ dataplane }) => dataplane)
  const put: DesiredResource<"MeshService"> = {
    type: "MeshService", mesh, name, labels: labelsOf(input), spec: specOf(name, kept.ports)
  }
  const isSame = existing !== undefined && sameData(existing.spec.ports, put.spec.ports) &&
    sameData(existing.spec.selector, put.spec.selector) && sameData(existing.labels, put.labels)
  return isSame ? { conflicting } : { put, conflicting }
}
