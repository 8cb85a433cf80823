/**
 * A hostname in a hosted zone: its A record, and beside it a TXT record that says whose it is and what it said. Both
 * are always written in one batch, which Route 53 makes as a whole or not at all, so where they disagree somebody else
 * changed the A record, and it is theirs. Nothing is ever upserted: what is there is deleted by its exact words, and
 * what isn't is created, so that a batch fails where somebody came in between. Pure.
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
 */
import type { NameChange, NamesThere, NameThere } from "./NameStore.ts"

export interface RecordSet {
  /** In lower case, without the dot at its end. */
  readonly name: string
  readonly type: string
  /** Null where it has none: an alias. */
  readonly ttl: number | null
  readonly values: ReadonlyArray<string>
  /** It has no routing policy and is no alias. */
  readonly isSimple: boolean
}

export interface RecordChange {
  readonly action: "CREATE" | "DELETE"
  readonly set: RecordSet
}

/** Seconds: so long a workload may go on with an address that was taken back. */
export const TTL = 30

const MARK = "_ecs-mesh."

const markOf = (owner: string, hostname: string, address: string): RecordSet => ({
  name: `${MARK}${hostname}`,
  type: "TXT",
  ttl: TTL,
  values: [`"heritage=ecs-mesh,owner=${owner},address=${address}"`],
  isSimple: true
})

const addressRecord = (hostname: string, address: string): RecordSet => ({
  name: hostname, type: "A", ttl: TTL, values: [address], isSimple: true
})

const MARK_VALUE = /^"heritage=ecs-mesh,owner=([^",]+),address=([\d.]+)"$/

/** What our mark says, or null where it isn't one of this owner. */
const readMark = ({ isSimple, type, values }: RecordSet, owner: string): string | null => {
  const [, whose, address = null] = MARK_VALUE.exec(values[0] ?? "") ?? []
  return type === "TXT" && isSimple && values.length === 1 && whose === owner ? address : null
}

/** Types that a name can have beside an A record without standing in its way. */
const BESIDE = new Set(["TXT", "MX", "CAA", "SRV", "NS", "SOA", "HTTPS"])

const byName = (sets: ReadonlyArray<RecordSet>): ReadonlyMap<string, ReadonlyArray<RecordSet>> =>
  Map.groupBy(sets, ({ name }) => name)

const readName = (
  sets: ReadonlyArray<RecordSet>,
  marks: ReadonlyArray<RecordSet>,
  owner: string
): NameThere | undefined => {
  const inTheWay = sets.filter(({ type }) => !BESIDE.has(type))
  const [mark] = marks
  const said = mark === undefined || marks.length > 1 ? null : readMark(mark, owner)
  if (said === null) return inTheWay.length > 0 || mark !== undefined ? { owner: "others" } : undefined
  if (inTheWay.length === 0) return { owner: "us", address: null }
  const [one] = inTheWay
  return inTheWay.length === 1 && one?.type === "A" && one.isSimple && one.values.length === 1 && one.values[0] === said
    ? { owner: "us", address: said }
    : { owner: "others" }
}

/** By hostname: those that have a record that could be meant. */
export const readNames = (sets: ReadonlyArray<RecordSet>, owner: string): NamesThere => {
  const records = byName(sets)
  const hostnames = new Set(sets.map(({ name }) => (name.startsWith(MARK) ? name.slice(MARK.length) : name)))
  const there = new Map<string, NameThere>()
  for (const hostname of hostnames) {
    const found = readName(records.get(hostname) ?? [], records.get(`${MARK}${hostname}`) ?? [], owner)
    if (found !== undefined) there.set(hostname, found)
  }
  return there
}

/** As they stand there: what is deleted must be named by its exact words. */
export const recordChanges = (
  { after, before, hostname }: NameChange,
  sets: ReadonlyArray<RecordSet>,
  owner: string
): ReadonlyArray<RecordChange> => {
  const old = before === null ? [] : sets.filter((set) =>
    (set.name === hostname && set.type === "A") || (set.name === `${MARK}${hostname}` && set.type === "TXT"))
  return [
    ...old.map((set): RecordChange => ({ action: "DELETE", set })),
    ...(after === null ? [] : [addressRecord(hostname, after), markOf(owner, hostname, after)])
      .map((set): RecordChange => ({ action: "CREATE", set }))
  ]
}

/** The sets as they are after those changes. */
export const withRecordChanges = (
  sets: ReadonlyArray<RecordSet>,
  changes: ReadonlyArray<RecordChange>
): ReadonlyArray<RecordSet> => {
  const gone = new Set(changes.flatMap(({ action, set }) => (action === "DELETE" ? [set] : [])))
  const created = changes.flatMap(({ action, set }) => (action === "CREATE" ? [set] : []))
  return [...sets.filter((set) => !gone.has(set)), ...created]
}
