/**
 * Looks at single tasks wait here until a DescribeTasks may go, which takes along up to a hundred of them. Who goes is
 * chosen when the call has its token, not before: so where tokens are scarce calls are full, and whoever is urgent goes
 * first. An urgent one that comes alone waits for nobody; those that come while its call is under way share the next.
 * Bulk ones fill whatever room is left in a call.
 */
import type { Task } from "@aws-sdk/client-ecs"
import { Effect, Exit, Latch, type Scope } from "effect"
import type { TaskKey } from "../TaskKey.ts"
import type { AwsCallFailed } from "./AwsCallFailed.ts"
import type { CallBudget } from "./CallBudget.ts"
import { CallLane, type Lane } from "./CallLane.ts"
import { makeCallTurns } from "./callTurns.ts"

/** Null where ECS doesn't know the task (any more). */
export type TaskAnswer = Exit.Exit<Task | null, AwsCallFailed>

/** One call: an answer for each id. Its token was taken already. */
export type DescribeTasks = (cluster: string, taskIds: ReadonlyArray<string>) => Effect.Effect<
  (taskId: string) => TaskAnswer
>

/**
 * "A list of up to 100 task IDs or full ARN entries":
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
 */
export const DESCRIBE_AT_ONCE = 100

/** Bulk looks are due in the same moments: so long the first of them waits for the others. */
const GATHER_MILLIS = 25

type Listener = (answer: TaskAnswer) => void

/** Those that wait for a look at one cluster's tasks, by id, in the order in which they came. */
type Line = Map<string, Set<Listener>>

class Waiting {
  private readonly clusters = new Map<string, Record<Lane, Line>>()

  add(lane: Lane, { cluster, taskId }: TaskKey, listener: Listener): void {
    const lines = this.clusters.get(cluster) ?? { urgent: new Map(), bulk: new Map() }
    this.clusters.set(cluster, lines)
    const others = lines.urgent.get(taskId) ?? lines.bulk.get(taskId) ?? new Set()
    others.add(listener)
    if (lane === "urgent") lines.bulk.delete(taskId)
    lines[lines.urgent.has(taskId) ? "urgent" : lane].set(taskId, others)
  }

  remove({ cluster, taskId }: TaskKey, listener: Listener): void {
    const lines = this.clusters.get(cluster)
    for (const line of [lines?.urgent, lines?.bulk]) {
      const listeners = line?.get(taskId)
      listeners?.delete(listener)
      if (listeners?.size === 0) line?.delete(taskId)
    }
  }

  has(lane: Lane): boolean {
    return this.mostIn(lane) > 0
  }

  /** How many of one cluster wait. */
  mostIn(lane: Lane): number {
    let most = 0
    for (const lines of this.clusters.values()) most = Math.max(most, lines[lane].size)
    return most
  }

  /** Who goes with the next call: the urgent ones of one cluster, then its others. The clusters take turns. */
  take(lane: Lane): { readonly cluster: string; readonly listeners: Line } | null {
    for (const [cluster, lines] of this.clusters) {
      if (lines[lane].size === 0) continue
      this.clusters.delete(cluster)
      this.clusters.set(cluster, lines)
      const listeners: Line = new Map()
      for (const line of [lines.urgent, lines.bulk]) {
        for (const [taskId, set] of line) {
          if (listeners.size === DESCRIBE_AT_ONCE) break
          listeners.set(taskId, set)
          line.delete(taskId)
        }
      }
      return { cluster, listeners }
    }
    return null
  }
}

/** Answers what asks about one task, in the lane of whoever asks. Its call begins after it was asked for. */
export const makeTaskGathering = (
  describe: DescribeTasks,
  budget: CallBudget
): Effect.Effect<(key: TaskKey) => Effect.Effect<Task | null, AwsCallFailed>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const waiting = new Waiting()
    const turns = makeCallTurns()
    const there: Record<Lane, Latch.Latch> = { urgent: Latch.makeUnsafe(false), bulk: Latch.makeUnsafe(false) }
    /** A whole call's worth of bulk looks waits. */
    const full = Latch.makeUnsafe(false)

    const call = Effect.fnUntraced(function*(cluster: string, listeners: Line) {
      const answer = yield* describe(cluster, [...listeners.keys()])
      for (const [taskId, set] of listeners) {
        const about = answer(taskId)
        for (const listener of set) listener(about)
      }
    })

    const send = Effect.fnUntraced(function*(lane: Lane) {
      yield* budget.take(lane)
      const batch = waiting.take(lane)
      // A call of the other lane took them along.
      if (batch === null) budget.giveBack()
      else {
        const sent = Effect.provideService(call(batch.cluster, batch.listeners), CallLane, lane)
        yield* Effect.forkIn(lane === "urgent" ? turns.take(sent) : sent, scope, { startImmediately: true })
      }
      if (!waiting.has("urgent")) there.urgent.closeUnsafe()
      if (!waiting.has("bulk")) there.bulk.closeUnsafe()
      if (waiting.mostIn("bulk") < DESCRIBE_AT_ONCE) full.closeUnsafe()
    })

    const urgently = Effect.andThen(there.urgent.await, Effect.andThen(turns.wait, send("urgent")))
    const gathered = Effect.raceFirst(full.await, Effect.sleep(GATHER_MILLIS))
    const inBulk = Effect.andThen(there.bulk.await, Effect.andThen(gathered, send("bulk")))
    yield* Effect.forkScoped(Effect.forever(urgently))
    yield* Effect.forkScoped(Effect.forever(inBulk))

    return (key) =>
      Effect.flatMap(CallLane, (lane) =>
        Effect.callback<Task | null, AwsCallFailed>((resume) => {
          const listener: Listener = (answer) => resume(answer)
          waiting.add(lane, key, listener)
          there[lane].openUnsafe()
          if (waiting.mostIn("bulk") >= DESCRIBE_AT_ONCE) full.openUnsafe()
          return Effect.sync(() => waiting.remove(key, listener))
        }))
  })
