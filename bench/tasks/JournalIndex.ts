/**
 * The control plane's journal, followed: when an event of a task was taken, when something else was decided of it, which
 * service's endpoints were pushed to whom, and when each push was acknowledged. Times are Unix milliseconds.
 */
import { followLines } from "../../src/cli/demo/followLines.ts"

interface Line {
  readonly kind: string
  readonly key: string
  readonly time: string
  readonly typeUrl?: string
  readonly version?: string
  readonly names?: ReadonlyArray<string>
}

/** Endpoints that were pushed to one proxy. */
export interface Push {
  readonly proxy: string
  readonly services: ReadonlyArray<string>
  readonly at: number
  ackedAt: number | null
}

const ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"

const lastPart = (key: string): string => key.slice(key.lastIndexOf("/") + 1)

export class JournalIndex {
  readonly #decided = new Map<string, Array<number>>()
  readonly #taken = new Map<string, Array<number>>()
  readonly #connected = new Set<string>()
  readonly #pushes: Array<Push> = []
  readonly #open = new Map<string, Push>()
  readonly #stop: () => void

  constructor(path: string) {
    this.#stop = followLines(path, (text) => this.#read(JSON.parse(text)))
  }

  stop(): void {
    this.#stop()
  }

  /** When an event of the task was taken from the queue. */
  takenAt(taskId: string, since: number): number | undefined {
    return this.#taken.get(taskId)?.find((at) => at >= since)
  }

  /** When something new was decided of the task; it is stored right after. */
  decidedAt(taskId: string, since: number): number | undefined {
    return this.#decided.get(taskId)?.find((at) => at >= since)
  }

  /** The last such time up to `until`. */
  lastDecidedAt(taskId: string, until: number): number | undefined {
    return this.#decided.get(taskId)?.findLast((at) => at <= until)
  }

  /** Proxies that have a stream. */
  get connected(): ReadonlySet<string> {
    return this.#connected
  }

  /** The first push of the service's endpoints to each proxy since then. */
  pushes(service: string, since: number): ReadonlyMap<string, Push> {
    const first = new Map<string, Push>()
    for (let index = this.#pushes.length - 1; index >= 0; index--) {
      const push = this.#pushes[index]
      if (push === undefined || push.at < since) break
      if (push.services.includes(service)) first.set(push.proxy, push)
    }
    return first
  }

  #read({ key, kind, names = [], time, typeUrl = "", version = "" }: Line): void {
    const at = Date.parse(time)
    const id = lastPart(key)
    switch (kind) {
      case "event":
        return note(this.#taken, id, at)
      case "decision":
        return note(this.#decided, id, at)
      case "connected":
        return void this.#connected.add(id)
      case "disconnected":
        return void this.#connected.delete(id)
      case "pushed": {
        if (typeUrl !== ENDPOINTS) return
        const push: Push = { proxy: id, services: names, at, ackedAt: null }
        this.#pushes.push(push)
        this.#open.set(`${id} ${version}`, push)
        return
      }
      case "acked": {
        if (typeUrl !== ENDPOINTS) return
        const push = this.#open.get(`${id} ${version}`)
        if (push !== undefined) push.ackedAt = at
        this.#open.delete(`${id} ${version}`)
      }
    }
  }
}

const note = (times: Map<string, Array<number>>, id: string, at: number): void => {
  const known = times.get(id) ?? []
  known.push(at)
  times.set(id, known)
}
