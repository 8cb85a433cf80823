/**
 * When tasks are looked at again of which no event would tell. Those that wait for as long share moments, a call's
 * worth to each, and the moments are spread over the wait: so calls are full, and never all at once. Where the looks would
 * take more than their part of what may be called, all of them become rarer alike. Plain counting; asks nobody.
 */
import { DESCRIBE_AT_ONCE } from "../aws/TaskGathering.ts"

/** The part of the calls that may be made: events, deployments and the full look need the others. */
const PART_OF_CALLS = 0.5

/** Those that wait for as long, in groups that are looked at together. A group that has room takes the next one in. */
class Groups {
  private readonly groups: Array<Set<string>> = []
  private readonly groupOf = new Map<string, number>()
  private used = 0

  /** Those that have somebody. */
  get count(): number {
    return this.used
  }

  enter(key: string): number {
    const known = this.groupOf.get(key)
    if (known !== undefined) return known
    const free = this.groups.findIndex(({ size }) => size < DESCRIBE_AT_ONCE)
    const at = free < 0 ? this.groups.push(new Set()) - 1 : free
    const group = this.groups[at]
    if (group?.size === 0) this.used += 1
    group?.add(key)
    this.groupOf.set(key, at)
    return at
  }

  leave(key: string): void {
    const at = this.groupOf.get(key)
    if (at === undefined) return
    this.groupOf.delete(key)
    const group = this.groups[at]
    group?.delete(key)
    if (group?.size === 0) this.used -= 1
  }
}

/** Where a group stands within the wait, 0 to 1: each further one amid the widest gap (van der Corput's sequence). */
const place = (group: number): number => {
  let [rest, part, sum] = [group, 0.5, 0]
  for (; rest > 0; rest = Math.floor(rest / 2), part /= 2) sum += (rest % 2) * part
  return sum
}

export class LookPace {
  private readonly rate: () => number
  private readonly waits = new Map<number, Groups>()
  private readonly patienceOf = new Map<string, number>()

  /** `rate`: calls a second that may be made. */
  constructor(rate: () => number) {
    this.rate = rate
  }

  /** So many times its patience each one waits: 1, 2, 4, ... so that moments stay shared while it changes. */
  get stretch(): number {
    let calls = 0
    for (const [patience, groups] of this.waits) calls += groups.count * 1_000 / patience
    const allowed = this.rate() * PART_OF_CALLS
    let stretch = 1
    while (calls / stretch > allowed && stretch < 64) stretch *= 2
    return stretch
  }

  /** The next moment after `now` for one that would be looked at every `patience` milliseconds. */
  next(key: string, patience: number, now: number): number {
    if (this.patienceOf.get(key) !== patience) this.drop(key)
    this.patienceOf.set(key, patience)
    const groups = this.waits.get(patience) ?? new Groups()
    this.waits.set(patience, groups)
    const group = groups.enter(key)
    const wait = patience * this.stretch
    const first = Math.floor(place(group) * wait)
    return first + (Math.floor((now - first) / wait) + 1) * wait
  }

  /** It is looked at by events alone, or not at all any more. */
  drop(key: string): void {
    const patience = this.patienceOf.get(key)
    if (patience === undefined) return
    this.patienceOf.delete(key)
    this.waits.get(patience)?.leave(key)
  }
}
