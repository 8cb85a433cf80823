/** The streams that are open here, found by proxy and by task without a look at all of them. */
import type { AdsStream } from "./AdsStream.ts"

export interface OpenStream {
  /** `Dataplane/<mesh>/<name>` */
  readonly key: string
  readonly stream: AdsStream
  /** What is to be done once it is over; it is done once. */
  readonly leave: (reason: string) => void
}

export class OpenStreams {
  readonly #byKey = new Map<string, OpenStream>()
  readonly #byTask = new Map<string, Set<OpenStream>>()

  get size(): number {
    return this.#byKey.size
  }

  /** Answers the proxy's older stream, whose place it takes. */
  add(open: OpenStream): OpenStream | undefined {
    const older = this.#byKey.get(open.key)
    if (older !== undefined) this.#forget(older)
    this.#byKey.set(open.key, open)
    const task = taskOf(open)
    if (task !== null) this.#byTask.set(task, (this.#byTask.get(task) ?? new Set()).add(open))
    return older
  }

  /** Not where a newer one of the same proxy has its place. */
  remove(open: OpenStream): void {
    if (this.#byKey.get(open.key) === open) this.#forget(open)
  }

  of(key: string): OpenStream | undefined {
    return this.#byKey.get(key)
  }

  /** Those that proved to be this task's. */
  ofTask(taskId: string): ReadonlyArray<OpenStream> {
    return [...this.#byTask.get(taskId) ?? []]
  }

  /** Each once, also where some come and go meanwhile. */
  all(): IterableIterator<OpenStream> {
    return this.#byKey.values()
  }

  #forget(open: OpenStream): void {
    this.#byKey.delete(open.key)
    const task = taskOf(open)
    if (task === null) return
    const ofTask = this.#byTask.get(task)
    ofTask?.delete(open)
    if (ofTask?.size === 0) this.#byTask.delete(task)
  }
}

const taskOf = ({ stream: { admitted: { identity } } }: OpenStream): string | null =>
  identity.method === "aws-iam" ? identity.taskId : null
