/**
 * A database whose commits, notifications, answers and readings happen in any order that they can: notifications come
 * late or never, answers before or after them or never, connections break at any time, rows go and come back.
 */
import { describe, expect, it } from "vitest"
import { KeptResources } from "../../../src/cp/snapshot/KeptResources.ts"
import type { ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import { RevisionLog } from "../../../src/cp/store/RevisionLog.ts"
import type { Resource, ResourceKey } from "../../../src/model/Resource.ts"
import type { Change, Snapshot } from "../../../src/model/Store.ts"

const SEEDS = 3_000
const STEPS = 60
const NAMES = ["a", "b", "c", "d"]

/** mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
const makeRandom = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const keyOf = (name: string): ResourceKey<"OutboundPort"> => ({ type: "OutboundPort", mesh: "default", name })

/** Its port is the revision that wrote it. */
const resource = (name: string, revision: number, before: Resource | undefined): Resource<"OutboundPort"> => ({
  ...keyOf(name),
  labels: {},
  spec: { port: revision },
  version: (before?.version ?? 0) + 1,
  // Transactions that begin in one instant give what they insert one time.
  creationTime: before?.creationTime ?? new Date(Math.floor(revision / 3)).toISOString(),
  modificationTime: new Date(revision).toISOString()
})

const portOf = (found: Resource | undefined): number | undefined =>
  found !== undefined && "port" in found.spec ? found.spec.port : undefined

interface Notification {
  readonly payload: string
  readonly session: number
}

interface Answer {
  readonly last: number
  readonly changes: ReadonlyArray<Change>
  readonly session: number
  /** Its connection is killed after the commit: no answer comes, and that is what comes. */
  readonly isLost: boolean
}

class World {
  readonly #random: (below: number) => number
  readonly #rows = new Map<string, Resource>()
  #revision = 0
  /** Of each name, all revisions at which it changed, and whether it was there since. */
  readonly #history = new Map<string, Array<{ readonly revision: number; readonly isThere: boolean }>>()
  #notifications: Array<Notification> = []
  #answers: Array<Answer> = []
  readonly #log = new RevisionLog()
  readonly #kept = new KeptResources()
  /** What was told and not attended to. */
  #unheard: Array<Change> = []
  /** A reading under way: what it is for. */
  #reading: { readonly changes: ReadonlyArray<Change>; readonly wanted: ReadonlyArray<ResourceKey> | "all" } | null = null
  /** How far the cache is with each name. */
  readonly #at = new Map<string, number>()

  constructor(seed: number) {
    this.#random = makeRandom(seed)
    for (const name of NAMES) if (this.#random(2) === 0) this.#commit([name])
    this.#connect()
    this.#follow(this.#kept.replaceAll(this.#snapshot("all")))
  }

  step(): void {
    switch (this.#random(12)) {
      case 0:
      case 1:
        this.#notifications.push(...this.#commit(this.#some()).notifications)
        return
      case 2:
      case 3:
      case 4: {
        const { answer, notifications } = this.#commit(this.#some())
        this.#log.writing(answer.session)
        this.#notifications.push(...notifications)
        this.#answers.push({ ...answer, isLost: this.#random(8) === 0 })
        return
      }
      case 5:
      case 6:
        return this.#notify()
      case 7:
      case 8: {
        // Two are under way at a time: the second may be answered first.
        const [answer] = this.#answers.splice(this.#random(Math.min(2, this.#answers.length)), 1)
        if (answer === undefined) return
        if (!answer.isLost) this.#hear(this.#log.written(answer.last, answer.changes))
        return this.#hear(this.#log.ended(answer.session))
      }
      case 9:
      case 10:
        return this.#attend()
      case 11:
        if (this.#random(3) > 0) return
        if (this.#random(3) === 0) return this.#hear(this.#log.release())
        if (this.#random(2) === 0) return void this.#notifications.shift()
        this.#log.disconnected()
        this.#notifications = []
        if (this.#random(2) === 0) this.#notifications.push(...this.#commit(this.#some()).notifications)
        this.#connect()
        this.#hear([{ _tag: "Resynced" }])
    }
  }

  settle(): void {
    while (this.#notifications.length > 0) this.#notify()
    for (const { session } of this.#answers) this.#hear(this.#log.ended(session))
    this.#hear(this.#log.committed(this.#revision))
    while (this.#reading !== null || this.#unheard.length > 0) this.#attend()
    expect(this.#kept.index.list("OutboundPort")).toEqual(
      [...this.#rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    )
  }

  #some(): ReadonlyArray<string> {
    const names = NAMES.filter(() => this.#random(3) === 0)
    return names.length > 0 ? names : [NAMES[this.#random(NAMES.length)] ?? "a"]
  }

  #commit(names: ReadonlyArray<string>) {
    // Removals are statements of their own.
    const isRemoval = names.every((name) => this.#rows.has(name)) && this.#random(3) === 0
    const keys: Array<object> = []
    const changes: Array<Change> = []
    for (const name of names) {
      this.#revision += 1
      const after = isRemoval ? null : resource(name, this.#revision, this.#rows.get(name))
      if (after === null) this.#rows.delete(name)
      else this.#rows.set(name, after)
      keys.push({ ...keyOf(name), ...(isRemoval ? { gone: true } : {}) })
      changes.push({ _tag: "Changed", key: keyOf(name), after })
      this.#history.set(name, [
        ...this.#history.get(name) ?? [],
        { revision: this.#revision, isThere: after !== null }
      ])
    }
    const last = this.#revision
    const cut = this.#random(keys.length) + 1
    const [first, second] = [keys.slice(0, cut), keys.slice(cut)]
    const payloads = [[last - second.length, ...first], ...(second.length === 0 ? [] : [[last, ...second]])]
    // A session of its own: none of ours has two statements under way.
    const session = last
    return {
      notifications: payloads.map((payload) => ({ payload: JSON.stringify(payload), session })),
      answer: { last, session, changes: changes.map((change) => ({ ...change, revision: last })) }
    }
  }

  #connect(): void {
    this.#log.connected(this.#revision)
  }

  #notify(): void {
    const next = this.#notifications.shift()
    if (next !== undefined) this.#hear(this.#log.notified(next.payload, next.session))
  }

  #hear(changes: ReadonlyArray<Change>): void {
    this.#unheard.push(...changes)
  }

  #snapshot(keys: ReadonlyArray<ResourceKey> | "all"): Snapshot {
    const rows = [...this.#rows.values()]
    return {
      revision: this.#revision,
      resources: keys === "all" ? rows : rows.filter(({ name }) => keys.some((key) => key.name === name))
    }
  }

  /** Begins with what was told, or ends the reading that it took. */
  #attend(): void {
    if (this.#reading === null) {
      const changes = this.#unheard
      this.#unheard = []
      if (changes.length === 0) return
      const wanted = this.#kept.wanted(changes)
      if (wanted.length === 0) this.#follow(this.#kept.apply(changes, [], null))
      else this.#reading = { changes, wanted }
      return
    }
    const { changes, wanted } = this.#reading
    this.#reading = null
    const read = this.#snapshot(wanted)
    this.#follow(wanted === "all" ? this.#kept.replaceAll(read) : this.#kept.apply(changes, wanted, read))
  }

  /** Each change of the cache is a step forward in its name's history. */
  #follow(changes: ReadonlyArray<ResourceChange>): void {
    for (const { after, key: { name } } of changes) {
      const before = this.#at.get(name) ?? 0
      const port = portOf(after)
      const next = this.#history.get(name)?.find(({ isThere, revision }) =>
        revision > before && (port === undefined ? !isThere : revision === port)
      )
      if (next === undefined) throw new Error(`${name} went back from ${before} to ${port ?? "nothing"}`)
      this.#at.set(name, next.revision)
    }
  }
}

describe("what the cache holds", () => {
  it("never goes backwards, and is what the store has in the end, whatever comes when", () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = new World(seed)
      try {
        for (let step = 0; step < STEPS; step++) world.step()
        world.settle()
      } catch (cause) {
        throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      }
    }
  })

  it("is read as a whole where very many keys are to be read", () => {
    const changes = Array.from({ length: 5_001 }, (_, index): Change => ({ _tag: "Changed", key: keyOf(`${index}`) }))
    expect(new KeptResources().wanted(changes)).toBe("all")
    expect(new KeptResources().wanted(changes.slice(1))).toHaveLength(5_000)
  })
})
