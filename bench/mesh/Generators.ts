/** The generator processes, ordered about as one: knows when all proxies are whole and when a change is everywhere. */
import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"
import { guard, release } from "../../localstack/process/ChildGuard.ts"
import { clock } from "./clock.ts"
import type { Account, News, Order, Reply, Setting, Sign, Traffic, Watched } from "./generator/orders.ts"

/** Streams that one process simulates at the most. */
const PROXIES_A_PROCESS = 250

const PROGRAM = join(import.meta.dirname, "generator", "run.ts")

interface Awaiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

class Generator {
  readonly #process: ChildProcess
  readonly #replies: Array<Awaiting> = []
  readonly #changed: () => void
  readonly pid: number
  whole = false
  since = 0
  arrived = false
  failure: Error | null = null

  constructor(changed: () => void) {
    this.#changed = changed
    this.#process = fork(PROGRAM, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
    this.pid = this.#process.pid ?? 0
    guard({ pid: this.pid })
    this.#process.on("message", (news: News) => this.#hear(news))
    this.#process.on("exit", (code) => this.#fail(new Error(`a generator process ended with ${code}`)))
    this.#process.on("error", (error) => this.#fail(error))
  }

  ask(order: Order): Promise<Reply> {
    if (this.failure !== null) return Promise.reject(this.failure)
    if (order.do === "watch") this.arrived = false
    return new Promise((resolve, reject) => {
      this.#replies.push({ resolve, reject })
      this.#process.send(order)
    })
  }

  stop(): void {
    this.#process.removeAllListeners("exit")
    release({ pid: this.pid })
    this.#process.kill("SIGKILL")
  }

  #hear(news: News): void {
    switch (news.news) {
      case "reply":
        this.#replies.shift()?.resolve(news.reply)
        break
      case "whole":
        this.whole = news.whole
        this.since = news.at
        break
      case "arrived":
        this.arrived = true
        break
      case "failed":
        this.#fail(new Error(news.message))
    }
    this.#changed()
  }

  #fail(error: Error): void {
    this.failure = error
    for (const { reject } of this.#replies.splice(0)) reject(error)
    this.#changed()
  }
}

export interface Observed extends Watched {
  /** Moments, of all proxies that it concerns. */
  readonly arrivals: ReadonlyArray<number>
}

export class Generators {
  readonly #generators: Array<Generator> = []
  #listeners: Array<() => void> = []

  /** `setting.members`: all of them; each process gets its share. */
  static async start(setting: Setting): Promise<Generators> {
    const all = new Generators()
    const count = Math.max(1, Math.ceil(setting.members.length / PROXIES_A_PROCESS))
    for (let place = 0; place < count; place++) all.#generators.push(new Generator(() => all.#changed()))
    await Promise.all(
      all.#generators.map((generator, place) => {
        const members = setting.members.filter((_, index) => index % count === place)
        return generator.ask({ do: "prepare", setting: { ...setting, members } })
      })
    )
    return all
  }

  async #order(order: Order): Promise<ReadonlyArray<Reply>> {
    return Promise.all(this.#generators.map((generator) => generator.ask(order)))
  }

  /** Brings all proxies up, as at a cold start. Returns the moment at which it began. */
  async begin(): Promise<number> {
    const at = clock()
    await this.#order({ do: "start" })
    return at
  }

  /** Drops all connections at once. Returns the moment. */
  async storm(): Promise<number> {
    for (const generator of this.#generators) generator.whole = false
    const at = clock()
    await this.#order({ do: "storm" })
    return at
  }

  async leave(names: ReadonlyArray<string>): Promise<void> {
    await this.#order({ do: "leave", names })
  }

  /** The moment since which all proxies have everything, once they have had it for `stableMillis`. */
  async untilWhole(withinMillis: number, stableMillis: number): Promise<number> {
    const deadline = clock() + withinMillis
    const since = (): number | null =>
      this.#generators.every(({ whole }) => whole) ? Math.max(...this.#generators.map(({ since }) => since)) : null
    for (;;) {
      const at = since()
      if (at !== null && clock() - at >= stableMillis) return at
      if (clock() > deadline) {
        const { failures, sample, whole } = await this.account()
        throw new Error(
          `only ${whole} proxies have everything after ${withinMillis} ms; one has ${JSON.stringify(sample)}; ` +
            `failures: ${JSON.stringify(failures)}`
        )
      }
      await this.#change(Math.min(at === null ? 1_000 : at + stableMillis - clock(), deadline - clock()))
    }
  }

  /** From now on looks out for the change. */
  async watch(sign: Sign): Promise<void> {
    await this.#order({ do: "watch", sign })
  }

  /** Waits until the change has reached everybody, or for the time given; then `quietMillis` for what comes after. */
  async collect(withinMillis: number, quietMillis: number): Promise<Observed> {
    const deadline = clock() + withinMillis
    while (!this.#generators.every(({ arrived }) => arrived) && clock() < deadline) {
      await this.#change(deadline - clock())
    }
    await new Promise((resume) => setTimeout(resume, quietMillis))
    const replies = await this.#order({ do: "collect" })
    const watched = replies.flatMap((reply) => reply !== null && "arrivals" in reply ? [reply] : [])
    const sum = (of: (one: Watched) => number): number => watched.reduce((total, one) => total + of(one), 0)
    return {
      arrivals: watched.flatMap(({ arrivals }) => arrivals),
      missing: sum(({ missing }) => missing),
      messages: sum(({ messages }) => messages),
      bytes: sum(({ bytes }) => bytes),
      foreign: { messages: sum(({ foreign }) => foreign.messages), bytes: sum(({ foreign }) => foreign.bytes) }
    }
  }

  async account(): Promise<Account> {
    const replies = await this.#order({ do: "account" })
    const accounts = replies.flatMap((reply) => reply !== null && "cpuSeconds" in reply ? [reply] : [])
    const sum = (of: (one: Account) => number): number => accounts.reduce((total, one) => total + of(one), 0)
    const failures: Record<string, number> = {}
    for (const [text, times] of accounts.flatMap((one) => Object.entries(one.failures))) {
      failures[text] = (failures[text] ?? 0) + times
    }
    const traffic: Record<string, Traffic> = {}
    for (const [type, { bytes, messages, resources }] of accounts.flatMap((one) => Object.entries(one.traffic))) {
      const { bytes: b = 0, messages: m = 0, resources: r = 0 } = traffic[type] ?? {}
      traffic[type] = { messages: m + messages, resources: r + resources, bytes: b + bytes }
    }
    return {
      traffic,
      cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
      messages: sum(({ messages }) => messages),
      bytes: sum(({ bytes }) => bytes),
      nacks: sum(({ nacks }) => nacks),
      whole: sum(({ whole }) => whole),
      bootstrapRetries: sum(({ bootstrapRetries }) => bootstrapRetries),
      streamRetries: sum(({ streamRetries }) => streamRetries),
      failures,
      sample: accounts[0]?.sample ?? {}
    }
  }

  stop(): void {
    for (const generator of this.#generators) generator.stop()
  }

  #changed(): void {
    for (const listener of this.#listeners.splice(0)) listener()
  }

  /** Resolves when a generator said something, or after so long. Throws what a generator failed with. */
  async #change(withinMillis: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, withinMillis))
      this.#listeners.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    const failed = this.#generators.find(({ failure }) => failure !== null)?.failure
    if (failed !== undefined && failed !== null) throw failed
  }
}
