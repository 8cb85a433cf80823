/** What is to be changed so that the names there are those that are wanted. Pure. */
import type { NameChange, NamesThere } from "./NameStore.ts"

export interface NameDiff {
  /** Ordered by hostname. */
  readonly changes: ReadonlyArray<NameChange>
  /** Wanted, and somebody else's already. */
  readonly taken: ReadonlyArray<string>
  /** Wanted, and not of the domain. */
  readonly outside: ReadonlyArray<string>
}

const isWithin = (hostname: string, domain: string): boolean => hostname.endsWith(`.${domain}`)

/** `wanted`: addresses by hostname. */
export const diffNames = (wanted: ReadonlyMap<string, string>, there: NamesThere, domain: string): NameDiff => {
  const changes: Array<NameChange> = []
  const taken: Array<string> = []
  const outside: Array<string> = []
  for (const [hostname, address] of wanted) {
    const known = there.get(hostname)
    if (!isWithin(hostname, domain)) outside.push(hostname)
    else if (known?.owner === "others") taken.push(hostname)
    else if (known === undefined) changes.push({ hostname, before: null, after: address })
    else if (known.address !== address) changes.push({ hostname, before: { address: known.address }, after: address })
  }
  for (const [hostname, known] of there) {
    if (known.owner === "us" && !wanted.has(hostname)) {
      changes.push({ hostname, before: { address: known.address }, after: null })
    }
  }
  return { changes: changes.sort((a, b) => (a.hostname < b.hostname ? -1 : 1)), taken, outside }
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
