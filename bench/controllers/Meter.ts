/** What the operator's thread uses while something goes on: CPU, statements to Postgres, calls to AWS. */
import { Client } from "pg"
import type { FakeCounts } from "./FakeAccount.ts"
import type { RunningAws } from "./startFakeAws.ts"

export interface Use {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly statements: number
  readonly aws: FakeCounts
}

let statements = 0

/** Statements of whoever isn't measured. */
const unmeasured = new WeakSet<object>()

/** Counts what every client sends from now on. */
export const countStatements = (): void => {
  const { query } = Client.prototype
  Client.prototype.query = function(this: Client, ...args: Array<unknown>) {
    if (!unmeasured.has(this)) statements += 1
    return Reflect.apply(query, this, args)
  } as typeof query
}

export const leaveOut = (client: Client): void => void unmeasured.add(client)

/** Begins to measure; what it answers ends that. */
export const measure = async (aws: RunningAws): Promise<() => Promise<Use>> => {
  await aws.reset()
  const before = { statements, at: performance.now(), cpu: process.threadCpuUsage() }
  return async () => {
    const { system, user } = process.threadCpuUsage(before.cpu)
    return {
      seconds: (performance.now() - before.at) / 1_000,
      cpuSeconds: (user + system) / 1_000_000,
      statements: statements - before.statements,
      aws: await aws.counts()
    }
  }
}
