/**
 * What a simulated Envoy has and asks for, across its streams: takes responses and gives the requests that answer them.
 * It asks as Envoy does: all clusters; then the assignments and secrets that these name; once they are there, all
 * listeners; then the routes and secrets that those name. Once it serves it says nothing about clusters while new or
 * changed ones wait for their assignments; then the incremental variant answers each response that came meanwhile, the
 * other one the newest for all. On a new stream it asks for all of it at once, and says (in the incremental variant)
 * what it has. Pure but for its own state: no network, no clock.
 */
import { readResponse, type Response, type Variant, writeDelta, writeSotw } from "./discovery.ts"
import { resourceFacts, type ResourceFacts, Type } from "./ResourceFacts.ts"

interface Held {
  readonly version: string
  readonly facts: ResourceFacts
}

interface Subscription {
  readonly typeUrl: string
  /** Clusters and listeners: all there are. */
  readonly wildcard: boolean
  asked: boolean
  names: Set<string>
  readonly held: Map<string, Held>
  /** On this stream. */
  answered: boolean
  version: string
  nonce: string
}

const subscription = (typeUrl: string, wildcard: boolean): Subscription => ({
  typeUrl,
  wildcard,
  asked: false,
  names: new Set(),
  held: new Map(),
  answered: false,
  version: "",
  nonce: ""
})

/** `Cluster`, without its package. */
export const shortType = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf(".") + 1)

const sameNames = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((name) => b.has(name))

export class Subscriptions {
  readonly clusters = subscription(Type.Cluster, true)
  readonly assignments = subscription(Type.Endpoint, false)
  readonly listeners = subscription(Type.Listener, true)
  readonly routes = subscription(Type.Route, false)
  readonly secrets = subscription(Type.Secret, false)
  readonly #all = [this.clusters, this.assignments, this.listeners, this.routes, this.secrets]
  readonly #variant: Variant
  readonly #node: Uint8Array
  readonly #send: (framed: Buffer) => void
  #nodeSent = false
  /** Assignments that clusters wait for, whether or not it has one of that name. */
  readonly #warming = new Set<string>()
  /** Nonces of the clusters' responses that it hasn't answered for that. */
  #held: Array<string> = []

  constructor(variant: Variant, node: Uint8Array, send: (framed: Buffer) => void) {
    this.#variant = variant
    this.#node = node
    this.#send = send
  }

  /** The first requests of a new stream. */
  open(): void {
    this.#nodeSent = false
    for (const one of this.#all) {
      one.answered = false
      one.nonce = ""
    }
    this.#held = []
    this.clusters.asked = true
    for (const one of this.#all) if (one.asked && !(one === this.clusters && this.#warming.size > 0)) this.#ask(one)
  }

  /** Answers and takes a response; returns it as it was read. Throws where it can't be read, after it refused it. */
  take(message: Buffer): Response {
    const response = readResponse(this.#variant, message)
    const to = this.#all.find(({ typeUrl }) => typeUrl === response.typeUrl)
    if (to === undefined) throw new Error(`a response of the type ${response.typeUrl}, which wasn't asked for`)
    to.answered = true
    to.nonce = response.nonce
    try {
      this.#hold(to, response)
    } catch (error) {
      this.#answer(to, error instanceof Error ? error.message : String(error))
      throw error
    }
    to.version = response.version
    if (to === this.clusters && this.#warming.size > 0) this.#held.push(response.nonce)
    else this.#answer(to)
    this.#follow(to)
    if (to === this.clusters || to === this.assignments) this.#warm(response)
    return response
  }

  /** All that it was told to ask for is there, and its stream has said so. */
  isWhole(instances: (assignment: string) => number): boolean {
    if (!this.#isAnswered()) return false
    for (const named of [this.assignments, this.routes, this.secrets]) {
      for (const name of named.names) if (!named.held.has(name)) return false
    }
    for (const [name, { facts }] of this.assignments.held) if (facts.endpoints !== instances(name)) return false
    return true
  }

  /** How many resources it has, by type. */
  count(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#all.map(({ held, typeUrl }) => [shortType(typeUrl), held.size]))
  }

  /**
   * On this stream. To who says what it has, where nothing changed, an incremental server answers for wildcards alone;
   * one of the other variant may answer for all but just those.
   */
  #isAnswered(): boolean {
    if (this.#variant === "delta") return this.clusters.answered && this.listeners.answered
    return [this.clusters, this.listeners].every(({ answered, held }) => answered || held.size > 0) &&
      [this.assignments, this.routes, this.secrets].every(({ answered, names }) => answered || names.size === 0)
  }

  #hold(to: Subscription, { removed, resources }: Response): void {
    const present = new Set<string>()
    // Its first clusters warm without a word of that.
    const warms = to === this.clusters && this.listeners.asked
    for (const { bytes, name, version } of resources) {
      const facts = resourceFacts(to.typeUrl, bytes)
      const key = name === "" ? facts.name : name
      if (warms && to.held.get(key)?.facts !== facts) for (const one of facts.assignments) this.#warming.add(one)
      to.held.set(key, { version, facts })
      present.add(facts.name)
    }
    for (const name of removed) to.held.delete(name)
    // "the server must include the complete state of the world" of these two, so what isn't in it is gone.
    if (this.#variant === "sotw" && to.wildcard) {
      for (const name of to.held.keys()) if (!present.has(name)) to.held.delete(name)
    }
  }

  /** What the clusters and listeners that it has now name. */
  #follow(after: Subscription): void {
    if (after === this.clusters || after === this.listeners) {
      const clusters = [...this.clusters.held.values()].map(({ facts }) => facts)
      const listeners = [...this.listeners.held.values()].map(({ facts }) => facts)
      if (after === this.clusters) this.#want(this.assignments, clusters.flatMap(({ assignments }) => assignments))
      else this.#want(this.routes, listeners.flatMap(({ routes }) => routes))
      this.#want(this.secrets, [...clusters, ...listeners].flatMap(({ secrets }) => secrets))
    }
    if (!this.listeners.asked && this.#clustersAreWarm()) {
      this.listeners.asked = true
      this.#ask(this.listeners)
    }
  }

  /** What came ends its clusters' wait; so does it that nothing wants it any more. */
  #warm({ resources, typeUrl }: Response): void {
    if (this.#warming.size === 0) return
    const came = typeUrl === this.assignments.typeUrl ? resources : []
    for (const { bytes } of came) this.#warming.delete(resourceFacts(typeUrl, bytes).name)
    for (const name of this.#warming) if (!this.assignments.names.has(name)) this.#warming.delete(name)
    if (this.#warming.size > 0) return
    const nonces = this.#variant === "delta" ? this.#held : this.#held.slice(-1)
    this.#held = []
    // On a new stream it hasn't even asked.
    if (!this.clusters.answered) return this.#ask(this.clusters)
    for (const nonce of nonces) this.#answer({ ...this.clusters, nonce })
  }

  #clustersAreWarm(): boolean {
    return this.clusters.answered &&
      [this.assignments, this.secrets].every(({ held, names }) => [...names].every((name) => held.has(name)))
  }

  #want(from: Subscription, wanted: ReadonlyArray<string>): void {
    const names = new Set(wanted)
    const before = from.names
    if (sameNames(before, names)) return
    from.names = names
    for (const name of from.held.keys()) if (!names.has(name)) from.held.delete(name)
    if (!from.asked) {
      from.asked = true
      this.#ask(from)
    } else if (this.#variant === "delta") {
      this.#send(writeDelta({
        typeUrl: from.typeUrl,
        subscribe: [...names].filter((name) => !before.has(name)),
        unsubscribe: [...before].filter((name) => !names.has(name))
      }))
    } else {
      this.#answer(from)
    }
  }

  /** The first request for a type on a stream. */
  #ask(one: Subscription): void {
    const node = this.#nodeSent ? {} : { node: this.#node }
    this.#nodeSent = true
    this.#send(
      this.#variant === "delta"
        ? writeDelta({
          typeUrl: one.typeUrl,
          ...node,
          subscribe: one.names,
          initial: [...one.held].map(([name, { version }]) => [name, version] as const)
        })
        : writeSotw({ typeUrl: one.typeUrl, ...node, names: one.names, version: one.version, nonce: "" })
    )
  }

  /** Accepts the latest response, or refuses it. */
  #answer({ names, nonce, typeUrl, version }: Subscription, error?: string): void {
    const refusal = error === undefined ? {} : { error }
    this.#send(
      this.#variant === "delta"
        ? writeDelta({ typeUrl, nonce, ...refusal })
        : writeSotw({ typeUrl, names, version, nonce, ...refusal })
    )
  }
}
