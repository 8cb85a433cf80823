/**
 * Carries lines of access logs to other hosts: Envoy writes each to its output with the address that it is for. What
 * can't be sent is dropped, and said: a log's host that is away must hold up neither Envoy nor fill the memory.
 */
import { randomUUID } from "node:crypto"
import { LINE_KEY } from "../model/nodeMetadata.ts"
import { readHostPort } from "../model/readHostPort.ts"
import { LineSender } from "./LineSender.ts"
import type { Log } from "./Log.ts"

/** More addresses than policies name in earnest; of more than that one goes that may be tried again and wasn't. */
const MAX_SENDERS = 64

interface Carried {
  readonly address: string
  readonly text: string
}

export class LineCarrier {
  /** Stands in every line that is to be carried, and is known to nobody else: a caller can't have a line carried. */
  readonly key: string = randomUUID()
  readonly #log: Log
  readonly #senders = new Map<string, LineSender>()

  constructor(log: Log) {
    this.#log = log
  }

  /** False where it is a line like any other. */
  take(line: string): boolean {
    const carried = line.includes(this.key) ? this.#read(line) : null
    if (carried === null) return false
    this.#senderTo(carried.address)?.send(carried.text)
    return true
  }

  /** What was written until now is still sent, for a moment. */
  async close(): Promise<void> {
    await Promise.all([...this.#senders.values()].map((sender) => sender.close()))
  }

  #read(line: string): Carried | null {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      return null
    }
    if (typeof value !== "object" || value === null || !("address" in value) || !("message" in value)) return null
    const { address, message } = value
    if (typeof address !== "string" || new Map<string, unknown>(Object.entries(value)).get(LINE_KEY) !== this.key) {
      return null
    }
    return { address, text: typeof message === "string" ? message : `${JSON.stringify(message)}\n` }
  }

  #senderTo(address: string): LineSender | null {
    const known = this.#senders.get(address)
    if (known !== undefined) return known
    const target = readHostPort(address)
    if (target === undefined) return null
    if (this.#senders.size >= MAX_SENDERS) {
      // With it goes how long its host is left alone, and that this was said.
      const [idle] = [...this.#senders].find(([, one]) => one.isIdle) ?? []
      if (idle === undefined) return null
      this.#senders.delete(idle)
    }
    const sender = new LineSender(target, this.#log)
    this.#senders.set(address, sender)
    return sender
  }
}
