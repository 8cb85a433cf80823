/**
 * What is to be done about the virtual address of one service. It is given one, has it for good, and after the service
 * has gone the address is held back for a while: clients remember what they looked up. Pure.
 */
import { byAge } from "../../model/order.ts"
import type { DesiredResource, Resource } from "../../model/Resource.ts"
import type { ServiceKind } from "../../model/ServiceAddress.ts"
import { type AddressRange, freeAddress, isIn, type Taken } from "./AddressRange.ts"

type Row = Resource<"ServiceAddress">

export interface AddressInput {
  readonly kind: ServiceKind
  readonly mesh: string
  readonly service: string
  readonly exists: boolean
  /** All rows that name it. */
  readonly rows: ReadonlyArray<Row>
  readonly range: AddressRange
  /** Every address that has a row, whoever's. */
  readonly taken: Taken
  /** Unix milliseconds. */
  readonly now: number
  /** How long the address of a service that has gone is given to nobody else. */
  readonly holdMillis: number
}

export type AddressStep =
  | { readonly _tag: "Give"; readonly resource: DesiredResource<"ServiceAddress"> }
  | { readonly _tag: "Write"; readonly over: Row; readonly resource: DesiredResource<"ServiceAddress"> }
  | { readonly _tag: "Remove"; readonly row: Row }

export interface AddressDecision {
  readonly steps: ReadonlyArray<AddressStep>
  readonly wakeAt?: number
  /** No address of the range is free. */
  readonly isExhausted: boolean
}

const isGiven = ({ spec }: Row): boolean => spec.releasedAt === undefined

/** Of rows that are ordered by age. */
const preferred = (rows: ReadonlyArray<Row>): Row | undefined =>
  rows.find(({ spec }) => spec.adopted === true) ?? rows[0]

const written = (over: Row, spec: Row["spec"]): AddressStep => ({
  _tag: "Write",
  over,
  resource: { type: "ServiceAddress", mesh: "", name: over.name, labels: over.labels, spec }
})

const release = (row: Row, now: number): AddressStep =>
  written(row, { ...row.spec, releasedAt: new Date(now).toISOString() })

const take = (row: Row): AddressStep => {
  const { releasedAt: _, ...spec } = row.spec
  return written(row, spec)
}

/** A row whose time is over goes; until then it is looked at again. */
const expire = (rows: ReadonlyArray<Row>, now: number, holdMillis: number) => {
  const ends = rows.map((row) => ({ row, at: Date.parse(row.spec.releasedAt ?? "") + holdMillis }))
  const waiting = ends.filter(({ at }) => at > now).map(({ at }) => at)
  return {
    // What can't be read says nothing of when it ends.
    steps: ends.filter(({ at }) => !(at > now)).map(({ row }): AddressStep => ({ _tag: "Remove", row })),
    ...(waiting.length === 0 ? {} : { wakeAt: Math.min(...waiting) })
  }
}

export const decideAddress = (input: AddressInput): AddressDecision => {
  const { exists, holdMillis, kind, mesh, now, range, rows, service, taken } = input
  const ordered = [...rows].sort(byAge)
  const inRange = ordered.filter((row) => isIn(range, row.name))
  const own = exists ? preferred(inRange.filter(isGiven)) ?? preferred(inRange) : undefined
  const others = ordered.filter((row) => row !== own)
  const ended = expire(others.filter((row) => !isGiven(row)), now, holdMillis)
  const given = others.filter(isGiven)
  const rest = {
    steps: [...given.map((row) => release(row, now)), ...ended.steps],
    ...(given.length === 0 && ended.wakeAt === undefined
      ? {}
      : { wakeAt: Math.min(ended.wakeAt ?? Infinity, ...given.map(() => now + holdMillis)) }),
    isExhausted: false
  }
  if (!exists) return rest
  if (own !== undefined) return isGiven(own) ? rest : { ...rest, steps: [take(own), ...rest.steps] }
  const address = freeAddress(range, `${kind}/${mesh}/${service}`, taken)
  // What it had until another range was set is better than none.
  if (address === null) return { steps: [], isExhausted: true }
  const spec = { kind, mesh, service }
  const resource: DesiredResource<"ServiceAddress"> = { type: "ServiceAddress", mesh: "", name: address, labels: {}, spec }
  return { ...rest, steps: [{ _tag: "Give", resource }, ...rest.steps] }
}
