/** What is to be changed so that the names there are those that are wanted. Pure. */
import { compareText } from "../../model/order.ts"
import type { NameChange, NamesThere, NameThere } from "./NameStore.ts"

/**
 * Addresses that no packet ever leaves a host for: 127/8 and 240/4. Of the first 127.0.0.0/24 is what hosts listen on
 * themselves, and no mesh's.
 */
const isVirtual = (address: string): boolean => {
  const first = Number(address.split(".")[0])
  return first >= 240 || (first === 127 && !address.startsWith("127.0.0."))
}

/** What takes a name over that isn't this control plane's; undefined where nothing does. */
export const adoptionHint = (there: NameThere | undefined): string | undefined => {
  if (there?.owner === "nobody" && isVirtual(there.address)) return "ECS_MESH_HOSTNAMES_ADOPT=unmarked takes it over"
  return there?.owner === "others" && there.cluster !== undefined
    ? `ECS_MESH_HOSTNAMES_ADOPT=${there.cluster} takes it over, once the control plane of that cluster is no more`
    : undefined
}

export interface NameDiff {
  /** Ordered by hostname. */
  readonly changes: ReadonlyArray<NameChange>
  /** Wanted, to be taken over, and leading to another virtual address than is wanted: that one, by hostname. */
  readonly unmarked: ReadonlyMap<string, string>
  /** Wanted, and somebody else's already. */
  readonly taken: ReadonlyArray<string>
  /** Wanted, and not of the domain. */
  readonly outside: ReadonlyArray<string>
}

const isWithin = (hostname: string, domain: string): boolean => hostname.endsWith(`.${domain}`)

/** `wanted`: addresses by hostname. `adopts`: whether names that bear nobody's mark are to be taken over. */
export const diffNames = (
  wanted: ReadonlyMap<string, string>,
  there: NamesThere,
  domain: string,
  adopts: boolean
): NameDiff => {
  const changes: Array<NameChange> = []
  const unmarked = new Map<string, string>()
  const taken: Array<string> = []
  const outside: Array<string> = []
  for (const [hostname, address] of wanted) {
    const known = there.get(hostname)
    if (!isWithin(hostname, domain)) outside.push(hostname)
    else if (known === undefined) changes.push({ hostname, before: null, after: address })
    else if (known.owner === "others") taken.push(hostname)
    else if (known.owner === "nobody" && !(adopts && isVirtual(known.address))) taken.push(hostname)
    else if (known.owner === "nobody" && known.address !== address) unmarked.set(hostname, known.address)
    else if (known.owner === "nobody" || known.isFormer === true || known.address !== address) {
      changes.push({ hostname, before: { address: known.address }, after: address })
    }
  }
  for (const [hostname, known] of there) {
    if (known.owner === "us" && !wanted.has(hostname)) {
      changes.push({ hostname, before: { address: known.address }, after: null })
    }
  }
  return { changes: changes.sort((a, b) => compareText(a.hostname, b.hostname)), unmarked, taken, outside }
}

/** The names as they are after those changes. */
export const withChanges = (there: NamesThere, changes: ReadonlyArray<NameChange>): NamesThere => {
  const names = new Map(there)
  for (const { after, hostname } of changes) {
    if (after === null) names.delete(hostname)
    else names.set(hostname, { owner: "us", address: after })
  }
  return names
}
