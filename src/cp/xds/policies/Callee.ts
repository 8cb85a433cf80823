/** What is called: a service by its tag, or a resource that stands for it. Policies say `to` which of them they are. */
import { SERVICE_TAG } from "../../../model/Tags.ts"
import type { TargetRef } from "../../../model/TargetRef.ts"
import { tagsMatch, tagsOfRef } from "./selection.ts"

export interface CalleeResource {
  /** MeshService, MeshExternalService or MeshMultiZoneService. */
  readonly kind: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Names of the port: its name, its number. */
  readonly sections: ReadonlyArray<string>
}

export interface Callee {
  /** `kuma.io/service` of its endpoints. */
  readonly service: string
  /** Null where it is called by its tags. */
  readonly resource: CalleeResource | null
}

export const calleeKey = ({ resource, service }: Callee): string =>
  resource === null ? service : JSON.stringify(resource)

const refersToResource = (ref: TargetRef, { kind, labels, name, sections }: CalleeResource): boolean => {
  if (ref.kind === "Mesh") return true
  const section = ref.sectionName ?? ""
  if (ref.kind !== kind || (section !== "" && !sections.includes(section))) return false
  return ref.labels === undefined || Object.keys(ref.labels).length === 0
    ? ref.name === name
    : Object.entries(ref.labels).every(([key, value]) => labels[key] === value)
}

export const refersTo = (ref: TargetRef, { resource, service }: Callee): boolean => {
  if (resource !== null) return refersToResource(ref, resource)
  // Labels and sections are those of resources.
  if (ref.labels !== undefined || (ref.sectionName ?? "") !== "") return false
  const tags = tagsOfRef(ref)
  return tags !== undefined && tagsMatch(tags, { [SERVICE_TAG]: service })
}
