/** What goes wrong between the world and the operator, and when. */
import type { VirtualTime } from "./VirtualTime.ts"

export const FAULTS = [
  "events dropped",
  "events doubled",
  "events delayed",
  "garbage among the events",
  "ReceiveMessage fails",
  "messages received twice",
  "DeleteMessageBatch fails",
  "DeleteMessageBatch loses its answer",
  "setup of the event bus fails",
  "DescribeClusters fails",
  "cluster two is unknown",
  "ListTasks throttled",
  "ListTasks fails at page 2",
  "ListTasks with empty pages",
  "ListTasks stale",
  "DescribeTasks throttled",
  "DescribeTasks fails",
  "DescribeTasks hangs",
  "DescribeTasks stale",
  "DescribeTasks answers for some",
  "DescribeTaskDefinition throttled",
  "DescribeContainerInstances fails",
  "GetRole throttled",
  "GetRole fails",
  "GetRole denied",
  "GetRole stale",
  "store unavailable",
  "store loses its answer to a write",
  "changes lost",
  "changes delayed"
] as const

export type FaultName = (typeof FAULTS)[number]

/** Times in milliseconds since the beginning. */
export interface Fault {
  readonly what: FaultName
  readonly from: number
  readonly lasts: number
  /** 1: each time; 2: every second time. */
  readonly every: number
}

/** How much later than the truth a stale answer is. */
export const STALE_MILLIS = 3_000

export class Faults {
  private readonly time: VirtualTime
  private readonly faults: ReadonlyArray<{ readonly fault: Fault; met: number }>
  private state: number

  constructor(faults: ReadonlyArray<Fault>, time: VirtualTime, salt: number) {
    this.faults = faults.map((fault) => ({ fault, met: 0 }))
    this.time = time
    this.state = salt
  }

  /** Whether it happens this time. */
  hits(what: FaultName): boolean {
    let hit = false
    for (const one of this.faults) {
      if (one.fault.what === what && this.isOn(one.fault)) hit = one.met++ % one.fault.every === 0 || hit
    }
    return hit
  }

  /** When the last of these that is on ends; null where none is. Milliseconds since the beginning. */
  until(what: FaultName): number | null {
    const ends = this.faults.flatMap(({ fault }) =>
      fault.what === what && this.isOn(fault) ? [fault.from + fault.lasts] : [])
    return ends.length === 0 ? null : Math.max(...ends)
  }

  /** Whether one of those whose names begin so is on, or was within the last `millis`. */
  metLately(call: string, millis: number): boolean {
    const now = this.time.elapsed
    return this.faults.some(({ fault: { from, lasts, what } }) =>
      what.startsWith(call) && now >= from && now < from + lasts + millis)
  }

  /** Chance that is the same for the same scenario: an integer below `below`. */
  chance(below: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.state / 2 ** 32) * below)
  }

  private isOn({ from, lasts }: Fault): boolean {
    return this.time.elapsed >= from && this.time.elapsed < from + lasts
  }
}
