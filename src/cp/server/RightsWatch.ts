/**
 * Looks at open streams' rights again: at once at those that a change concerns, and at every one within a span of time,
 * whatever changed, as rights also end by time. Some at a time: with many streams a look at all of them would hold up
 * what others wait for.
 */
import { formatKey, type ResourceKey } from "../../model/Resource.ts"
import type { Authenticator, Refused } from "../auth/Authenticator.ts"
import type { OpenStream, OpenStreams } from "./OpenStreams.ts"

/** Parts that a look at all streams is done in. */
export const PARTS = 10

/** Streams between two of which nothing else comes in. */
const AT_ONCE = 64

/** Types that any proxy's right may depend on. */
const COMMON = new Set(["Secret", "GlobalSecret", "Mesh"])

export interface RightsOptions {
  readonly lost: Authenticator["Service"]["lost"]
  readonly onLost: (open: OpenStream, lost: Refused) => void
  readonly onFault: (fault: unknown) => void
}

export class RightsWatch {
  readonly #streams: OpenStreams
  readonly #options: RightsOptions
  #sweep: IterableIterator<OpenStream>
  /** What is left of a look at all that a change made necessary. */
  #rest: IterableIterator<OpenStream> | null = null
  #turn: NodeJS.Immediate | null = null

  constructor(streams: OpenStreams, options: RightsOptions) {
    this.#streams = streams
    this.#options = options
    this.#sweep = streams.all()
  }

  onChange(changes: ReadonlyArray<{ readonly key: ResourceKey }>): void {
    for (const { key } of changes) {
      if (key.type === "EcsTask") for (const open of this.#streams.ofTask(key.name)) this.#look(open)
      else if (COMMON.has(key.type)) this.#lookAtAll()
      else {
        // A proxy's own resource says its address and its services.
        const own = this.#streams.of(formatKey(key))
        if (own !== undefined) this.#look(own)
      }
    }
  }

  /** The next part of them, for the rest of time: the first again after the last. */
  sweep(): void {
    for (let left = Math.ceil(this.#streams.size / PARTS); left > 0; left--) {
      let next = this.#sweep.next()
      if (next.done === true) {
        this.#sweep = this.#streams.all()
        next = this.#sweep.next()
      }
      if (next.done !== true) this.#look(next.value)
    }
  }

  stop(): void {
    if (this.#turn !== null) clearImmediate(this.#turn)
    this.#turn = null
  }

  #lookAtAll(): void {
    // Anew, also where it was under way: those before may be concerned now.
    this.#rest = this.#streams.all()
    this.#turn ??= setImmediate(() => this.#lookOn())
  }

  #lookOn(): void {
    this.#turn = null
    for (let left = AT_ONCE; left > 0 && this.#rest !== null; left--) {
      const next = this.#rest.next()
      if (next.done === true) this.#rest = null
      else this.#look(next.value)
    }
    if (this.#rest !== null) this.#turn = setImmediate(() => this.#lookOn())
  }

  #look(open: OpenStream): void {
    const { claim, identity } = open.stream.admitted
    // What is wrong with one must not keep the others from being looked at.
    try {
      const lost = this.#options.lost(identity, claim)
      if (lost !== null) this.#options.onLost(open, lost)
    } catch (fault) {
      this.#options.onFault(fault)
    }
  }
}
