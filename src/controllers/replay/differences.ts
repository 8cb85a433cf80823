/** Where two values of JSON differ, leaf by leaf. Pure. */
import { Predicate } from "effect"

export interface Difference {
  /** `spec.networking.inbound[0].port`; empty where the whole values differ. */
  readonly field: string
  /** Undefined where there is nothing. */
  readonly before: unknown
  readonly after: unknown
}

type Members = ReadonlyMap<string, unknown>

const PLAIN = /^[A-Za-z_]\w*$/

const membersOf = (value: unknown): Members | null => {
  if (Array.isArray(value)) return new Map(value.map((item, index) => [`[${index}]`, item]))
  if (!Predicate.isObject(value)) return null
  const step = (key: string): string => PLAIN.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
  return new Map(Object.entries(value).map(([key, item]) => [step(key), item]))
}

const isLeaf = (members: Members | null): members is null => members === null || members.size === 0

const joined = (field: string, member: string): string => `${field}${member}`.replace(/^\./, "")

/** Of what stands on one side alone, each leaf. In the order of `before`, then what `after` has more. */
export const differences = (before: unknown, after: unknown, field = ""): ReadonlyArray<Difference> => {
  const [old, now] = [membersOf(before), membersOf(after)]
  if (isLeaf(old) && isLeaf(now)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field, before, after }]
  }
  // A leaf where the other side has more below it: what is missing on this side is missing leaf by leaf.
  if (old === null && before !== undefined && before !== null) return [{ field, before, after }]
  if (now === null && after !== undefined && after !== null) return [{ field, before, after }]
  const names = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])
  return [...names].flatMap((name) => differences(old?.get(name), now?.get(name), joined(field, name)))
}

/** A value of JSON without what JSON can't say: fields that are undefined. */
export const asJson = (value: unknown): unknown => {
  const text = JSON.stringify(value)
  return text === undefined ? undefined : JSON.parse(text)
}
