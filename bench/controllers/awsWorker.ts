/**
 * The fake AWS in a thread of its own, so that its work isn't counted as the operator's. Messages tell it what to do.
 */
import { parentPort, workerData } from "node:worker_threads"
import { FakeAccount } from "./FakeAccount.ts"
import { serveFakeAws } from "./serveFakeAws.ts"

export type Order =
  | { readonly do: "counts" }
  | { readonly do: "reset" }
  | { readonly do: "versions" }
  /** So many events a second, for so long, each of a task by chance (the same in each run). */
  | { readonly do: "storm"; readonly rate: number; readonly seconds: number }
  /** ECS wants one more task stopped; answers its id and when its event was there (Unix milliseconds). */
  | { readonly do: "stop" }

const { latencyMillis, services, tasks } = workerData as {
  readonly tasks: number
  readonly services: number
  readonly latencyMillis: number
}

const account = new FakeAccount(tasks, services)
const ids = [...account.tasks.keys()]
let state = 1
let stopped = 0

const chance = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor(state / 2 ** 32 * below)
}

const storm = async (rate: number, seconds: number): Promise<number> => {
  const begun = Date.now()
  let sent = 0
  while (sent < rate * seconds) {
    const due = Math.min(rate * seconds, Math.floor((Date.now() - begun) / 1_000 * rate))
    for (; sent < due; sent++) account.change(ids[chance(ids.length)] ?? "")
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return sent
}

const carryOut = async (order: Order): Promise<unknown> => {
  switch (order.do) {
    case "counts":
      return account.counts
    case "reset":
      return account.resetCounts()
    case "versions":
      return [...account.tasks.values()].map(({ id, version }) => [id, version])
    case "storm":
      return await storm(order.rate, order.seconds)
    case "stop": {
      const id = ids[stopped++] ?? ""
      account.change(id, { desiredStatus: "STOPPED" })
      return { id, at: performance.timeOrigin + performance.now() }
    }
  }
}

const aws = await serveFakeAws(account, latencyMillis)
parentPort?.on("message", ({ number, order }: { readonly number: number; readonly order: Order }) => {
  void carryOut(order).then((answer) => parentPort?.postMessage({ number, answer }))
})
parentPort?.postMessage({ number: 0, answer: aws.endpoint })
