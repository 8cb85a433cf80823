/**
 * The SQS queue: at least once, in any order, hidden while somebody has it, put aside after five deliveries. Receives
 * the world's events, and what happens to them on the way.
 */
import { GARBAGE } from "./events.ts"
import type { Faults } from "./Faults.ts"
import type { VirtualTime } from "./VirtualTime.ts"
import type { WorldEvent } from "./World.ts"

export interface Message {
  readonly receipt: string
  readonly body: string
  /** Null for garbage. */
  readonly event: WorldEvent | null
  visibleAt: number
  receives: number
}

/** Shorter than what the operator asks for, so that redelivery is seen often: SQS may deliver again at any time. */
const HIDDEN_MILLIS = 6_000
const MAX_RECEIVES = 5

export class ModelQueue {
  messages: Array<Message> = []
  deadLetters = 0
  /** Whether a rule delivers here yet. */
  connected = false
  private readonly waiters = new Set<() => void>()
  private readonly time: VirtualTime
  private readonly faults: Faults
  private count = 0

  constructor(time: VirtualTime, faults: Faults) {
    this.time = time
    this.faults = faults
  }

  deliver(event: WorldEvent): void {
    if (!this.connected) return
    if (this.faults.hits("garbage among the events")) {
      this.enqueue(GARBAGE[this.faults.chance(GARBAGE.length)] ?? "", null)
    }
    if (this.faults.hits("events dropped")) return
    const copies = this.faults.hits("events doubled") ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const late = this.faults.hits("events delayed") ? 1_000 + this.faults.chance(15_000) : 0
      const delay = late + 20 + this.faults.chance(80)
      this.time.after(delay, () => this.enqueue(event.body, event))
    }
  }

  /** Up to ten of those that nobody has. */
  receive(): ReadonlyArray<Message> {
    const visible = this.messages.filter(({ visibleAt }) => visibleAt <= this.time.now)
    const taken: Array<Message> = []
    while (visible.length > 0 && taken.length < 10) {
      taken.push(...visible.splice(this.faults.chance(visible.length), 1))
    }
    const twice = taken.length > 0 && this.faults.hits("messages received twice")
    for (const message of taken) {
      message.receives += 1
      message.visibleAt = this.time.now + (twice ? 100 : HIDDEN_MILLIS)
      this.time.after(message.visibleAt - this.time.now, () => this.comeBack(message))
    }
    return taken
  }

  remove(receipt: string): Message | undefined {
    const message = this.messages.find((one) => one.receipt === receipt)
    this.messages = this.messages.filter((one) => one !== message)
    return message
  }

  /** `wake` is called once there may be something to receive. Answers what ends that. */
  whenThere(wake: () => void): () => void {
    this.waiters.add(wake)
    return () => void this.waiters.delete(wake)
  }

  private enqueue(body: string, event: WorldEvent | null): void {
    this.count += 1
    this.messages.push({ receipt: `receipt-${this.count}`, body, event, visibleAt: this.time.now, receives: 0 })
    this.wake()
  }

  private comeBack(message: Message): void {
    if (message.visibleAt > this.time.now || !this.messages.includes(message)) return
    if (message.receives < MAX_RECEIVES) return this.wake()
    this.messages = this.messages.filter((one) => one !== message)
    this.deadLetters += 1
  }

  private wake(): void {
    const waiting = [...this.waiters]
    this.waiters.clear()
    waiting.forEach((wake) => wake())
  }
}
