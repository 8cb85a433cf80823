/**
 * How much of what callers were answered they haven't taken yet. An answer that is made waits in memory until its
 * reader has it, and one connection may ask for many before it reads the first.
 */
import type { ServerResponse } from "node:http"

/** Of one caller: several of the longest pages. */
const MOST_BYTES = 64 * 1024 * 1024

export class UntakenAnswers {
  readonly #most: number
  readonly #bytes = new Map<string, number>()

  constructor(most = MOST_BYTES) {
    this.#most = most
  }

  /** Whether one more is to be made: a single one may be as long as it is. */
  hasRoom(caller: string): boolean {
    return (this.#bytes.get(caller) ?? 0) <= this.#most
  }

  /** It is about to be sent, and counts until it was or its connection is over. */
  hold(caller: string, outgoing: ServerResponse, bytes: number): void {
    // For who has gone nothing is kept, and nobody tells of that a second time.
    if (outgoing.destroyed) return
    this.#add(caller, bytes)
    outgoing.once("close", () => this.#add(caller, -bytes))
  }

  #add(caller: string, bytes: number): void {
    const sum = (this.#bytes.get(caller) ?? 0) + bytes
    if (sum > 0) this.#bytes.set(caller, sum)
    else this.#bytes.delete(caller)
  }
}
