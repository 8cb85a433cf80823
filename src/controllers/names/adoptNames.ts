/**
 * Names that bear nobody's mark and are to be taken over, as those that Kong Mesh kept. Rather than the record the
 * service is changed: it is given the address that its name leads to, so that clients of both control planes go on
 * with the one name while a mesh moves. Where that address can't be had, the name is made to lead elsewhere. Pure.
 */
import type { DesiredResource, Resource } from "../../model/Resource.ts"
import type { ServiceKind } from "../../model/ServiceAddress.ts"
import type { NameChange } from "./NameStore.ts"

/** Whether services of that kind may be given it. */
export type MayHave = (kind: ServiceKind, address: string) => boolean

export interface Adoption {
  readonly changes: ReadonlyArray<NameChange>
  /** To be written where nothing is. */
  readonly claims: ReadonlyArray<DesiredResource<"ServiceAddress">>
}

/** `unmarked`: where they lead, by hostname; `wanted`: where they are to lead; `rows`: by address. */
export const adoptNames = (
  unmarked: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
  rows: ReadonlyMap<string, Resource<"ServiceAddress">>,
  mayHave: MayHave
): Adoption => {
  const changes: Array<NameChange> = []
  const claims = new Map<string, DesiredResource<"ServiceAddress">>()
  for (const [hostname, address] of unmarked) {
    const after = wanted.get(hostname) ?? ""
    const owner = rows.get(after)?.spec
    if (owner === undefined) continue
    const { kind, mesh, service } = owner
    const holder = rows.get(address)?.spec ?? claims.get(address)?.spec
    if (holder === undefined && mayHave(kind, address)) {
      const spec = { kind, mesh, service, adopted: true }
      claims.set(address, { type: "ServiceAddress", mesh: "", name: address, labels: {}, spec })
    } else if (
      // It has been claimed and will be the service's in a moment.
      holder?.kind !== kind || holder.mesh !== mesh || holder.service !== service || holder.releasedAt !== undefined
    ) {
      changes.push({ hostname, before: { address }, after })
    }
  }
  return { changes, claims: [...claims.values()] }
}
