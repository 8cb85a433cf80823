/** The certificates that are kept of one mesh, and who of their proxies waits for what. */
import type { Tags } from "../../model/Tags.ts"
import { Breaker } from "./Breaker.ts"
import type { MeshAuthority, WorkloadCertificate } from "./CertificateAuthority.ts"
import type { Deadline } from "./Deadlines.ts"

export interface KeepOrder {
  readonly mesh: string
  readonly proxy: string
  /** The proxy's tag sets as they are now. */
  readonly tags: () => ReadonlyArray<Tags>
  /** Called when either is another than before, also within `keep`. */
  readonly onCertificate: (certificate: WorkloadCertificate, trustBundle: string) => void
}

/** One proxy's. Its deadline: when to look at it again. */
export interface Keep extends Deadline {
  readonly order: KeepOrder
  readonly mesh: MeshKeeps
  certificate: WorkloadCertificate | null
  trustBundle: string | null
  /** Since its last success. */
  failures: number
  asking: boolean
  /** To be looked at once more when it is answered: something changed meanwhile. */
  again: boolean
  ended: boolean
}

/** Its deadline: when the authority may be asked again. */
export class MeshKeeps implements Deadline {
  at = 0
  place = -1
  readonly name: string
  readonly all = new Set<Keep>()
  readonly breaker = new Breaker<Keep>()
  /** The last that could be had. */
  authority: MeshAuthority | null = null
  /** It is the mesh's authority as it is now: asked for when there is work to do, and known for as long as there is. */
  fresh = false
  /** How often it may have become another. */
  configured = 0
  opening = false
  /** How many are asking it. */
  asking = 0
  working = false
  /** Since the event loop last had its turn. */
  steps = 0
  turn: NodeJS.Immediate | null = null
  /** Whose certificate may no longer be the right one; the first first, as in those below. */
  readonly #looking = new Set<Keep>()
  /** Who has none, and is to have one. */
  readonly #newcomers = new Set<Keep>()
  /** Who is to have another. */
  readonly #due = new Set<Keep>()

  constructor(name: string) {
    this.name = name
  }

  get waiting(): number {
    return this.#looking.size + this.#newcomers.size + this.#due.size
  }

  look(keep: Keep): this {
    if (keep.asking) keep.again = true
    else this.#looking.add(keep)
    return this
  }

  want(keep: Keep): void {
    if (keep.certificate === null) this.#newcomers.add(keep)
    else this.#due.add(keep)
  }

  nextToLook(): Keep | undefined {
    const [next] = this.#looking
    if (next !== undefined) this.#leave(next)
    return next
  }

  nextToAsk(): Keep | undefined {
    const [next = this.#due.values().next().value] = this.#newcomers
    if (next !== undefined) this.#leave(next)
    return next
  }

  forget(keep: Keep): void {
    this.#leave(keep)
    this.all.delete(keep)
    this.breaker.failing.delete(keep)
  }

  #leave(keep: Keep): void {
    this.#looking.delete(keep)
    this.#newcomers.delete(keep)
    this.#due.delete(keep)
  }
}
