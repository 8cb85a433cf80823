/**
 * A hostname in a hosted zone: its A record, and beside it a TXT record that says whose it is and what it said. Both
 * are always written in one batch, which Route 53 makes as a whole or not at all, so where they disagree somebody else
 * changed the A record, and it is theirs. Nothing is ever upserted: what is there is deleted by its exact words, and
 * what isn't is created, so that a batch fails where somebody came in between. Pure.
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
 */
import { markedName, type NameOwner } from "./NameOwner.ts"
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

const markOf = ({ cluster, zone }: NameOwner, hostname: string, address: string): RecordSet => ({
  name: `${MARK}${hostname}`,
  type: "TXT",
  ttl: TTL,
  values: [`"heritage=ecs-mesh,owner=${cluster},zone=${zone},address=${address}"`],
  isSimple: true
})

const addressRecord = (hostname: string, address: string): RecordSet => ({
  name: hostname, type: "A", ttl: TTL, values: [address], isSimple: true
})

const MARK_VALUE = /^"heritage=ecs-mesh,owner=([^",]+),zone=[^",]+,address=([\d.]+)"$/

interface Mark {
  readonly cluster: string
  readonly address: string
}

/** What a mark says, whosever it is; null where it isn't one. */
const readMark = ({ isSimple, type, values }: RecordSet): Mark | null => {
  const [, cluster, address] = MARK_VALUE.exec(values[0] ?? "") ?? []
  const isMark = type === "TXT" && isSimple && values.length === 1
  return isMark && cluster !== undefined && address !== undefined ? { cluster, address } : null
}

/** The address of a plain A record; null for all others. */
const addressOf = ({ isSimple, type, values }: RecordSet): string | null =>
  type === "A" && isSimple && values.length === 1 ? values[0] ?? null : null

/** Types that a name can have beside an A record without standing in its way. */
const BESIDE = new Set(["TXT", "MX", "CAA", "SRV", "NS", "SOA", "HTTPS"])

const byName = (sets: ReadonlyArray<RecordSet>): ReadonlyMap<string, ReadonlyArray<RecordSet>> =>
  Map.groupBy(sets, ({ name }) => name)

const readName = (
  sets: ReadonlyArray<RecordSet>,
  marks: ReadonlyArray<RecordSet>,
  owner: NameOwner
): NameThere | undefined => {
  const inTheWay = sets.filter(({ type }) => !BESIDE.has(type))
  const [one] = inTheWay
  const address = one === undefined || inTheWay.length > 1 ? null : addressOf(one)
  const [first] = marks
  if (first === undefined) {
    if (one === undefined) return undefined
    return address === null ? { owner: "others" } : { owner: "nobody", address }
  }
  const mark = marks.length > 1 ? null : readMark(first)
  // Where the two disagree somebody else changed the record.
  if (mark === null || (one !== undefined && address !== mark.address)) return { owner: "others" }
  return markedName(owner, mark.cluster, address)
}

/** By hostname: those that have a record that could be meant. */
export const readNames = (sets: ReadonlyArray<RecordSet>, owner: NameOwner): NamesThere => {
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
  owner: NameOwner
): ReadonlyArray<RecordChange> => {
  const there = before === null ? [] : sets.filter((set) =>
    (set.name === hostname && set.type === "A") || (set.name === `${MARK}${hostname}` && set.type === "TXT"))
  // One that leads there already stays in the words of whoever made it, who may still want to remove it by them.
  const isRight = (set: RecordSet): boolean => after !== null && addressOf(set) === after
  const made = after === null
    ? []
    : [...(there.some(isRight) ? [] : [addressRecord(hostname, after)]), markOf(owner, hostname, after)]
  return [
    ...there.filter((set) => !isRight(set)).map((set): RecordChange => ({ action: "DELETE", set })),
    ...made.map((set): RecordChange => ({ action: "CREATE", set }))
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
