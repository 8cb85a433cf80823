/** Starts the fake AWS in its thread, and speaks with it. */
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import type { Order } from "./awsWorker.ts"
import type { FakeCounts } from "./FakeAccount.ts"

export interface RunningAws {
  readonly endpoint: string
  readonly counts: () => Promise<FakeCounts>
  readonly reset: () => Promise<void>
  readonly versions: () => Promise<ReadonlyMap<string, number>>
  readonly storm: (rate: number, seconds: number) => Promise<number>
  readonly stop: () => Promise<{ readonly id: string; readonly at: number }>
  readonly end: () => Promise<unknown>
}

export const startFakeAws = async (
  options: { readonly tasks: number; readonly services: number; readonly latencyMillis: number }
): Promise<RunningAws> => {
  const worker = new Worker(join(import.meta.dirname, "awsWorker.ts"), { workerData: options })
  const answers = new Map<number, (answer: never) => void>()
  let asked = 0
  const answerTo = <A>(number: number): Promise<A> => new Promise((resolve) => answers.set(number, resolve))
  worker.on("message", ({ answer, number }: { readonly number: number; readonly answer: never }) => {
    answers.get(number)?.(answer)
    answers.delete(number)
  })
  const ask = <A>(order: Order): Promise<A> => {
    const answer = answerTo<A>(++asked)
    worker.postMessage({ number: asked, order })
    return answer
  }
  const endpoint = await answerTo<string>(0)
  return {
    endpoint,
    counts: () => ask({ do: "counts" }),
    reset: () => ask({ do: "reset" }),
    versions: async () => new Map(await ask<ReadonlyArray<[string, number]>>({ do: "versions" })),
    storm: (rate, seconds) => ask({ do: "storm", rate, seconds }),
    stop: () => ask({ do: "stop" }),
    end: () => worker.terminate()
  }
}
