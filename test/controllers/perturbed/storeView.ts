/** The store as one operator meets it: late, away, or silent about a write that it took. */
import { Effect } from "effect"
import { formatKey, type ResourceKey } from "../../../src/model/Resource.ts"
import { type Change, Conflict, NotFound, StoreUnavailable } from "../../../src/model/Store.ts"
import type { Visitor } from "./memoryStore.ts"
import type { OperatorProcess } from "./OperatorProcess.ts"

const CHANGE_DELAY = 2_500

export const storeView = (operator: OperatorProcess): Visitor => {
  const { faults, scene: { resources, time }, watch } = operator
  /** When the change that was told last is heard: a feed keeps its order. */
  let heardAt = 0
  let resyncs: number | null = null

  const unavailable = (operation: string) =>
    new StoreUnavailable({ operation, message: "the database is away for the test" })

  const read = <A>(operation: string, act: () => A): Effect.Effect<A, StoreUnavailable> =>
    Effect.suspend((): Effect.Effect<A, StoreUnavailable> =>
      operator.dead
        ? Effect.never
        : faults.hits("store unavailable") ? Effect.fail(unavailable(operation)) : Effect.succeed(act())
    )

  const write = <A>(operation: string, key: ResourceKey, act: () => A): Effect.Effect<A, StoreUnavailable> =>
    Effect.callback<A, StoreUnavailable>((resume) => {
      const step = operator.step("write")
      if (!step.begin()) return
      const finish = (result: Effect.Effect<A, StoreUnavailable>): void =>
        void time.after(1 + faults.chance(4), () => {
          if (operator.dead) return
          resume(result)
          step.end()
        })
      time.after(1 + faults.chance(4), () => {
        if (operator.dead) return
        if (faults.hits("store unavailable")) return finish(Effect.fail(unavailable(operation)))
        const before = resources.get(key)
        const result = act()
        if (!(result instanceof Conflict) && !(result instanceof NotFound)) {
          watch.wrote(operation, key, before instanceof NotFound ? null : before)
        }
        if (!step.done()) return
        const lost = faults.hits("store loses its answer to a write")
        finish(lost ? Effect.fail(unavailable(operation)) : Effect.succeed(result))
      })
    })

  const tell = (key: ResourceKey, hear: (change: Change) => void): void => {
    if (operator.dead) return
    const until = faults.until("changes lost")
    if (until !== null && faults.hits("changes lost")) {
      if (resyncs === until) return
      resyncs = until
      time.after(until - time.elapsed, () => hear({ _tag: "Resynced" }))
      return
    }
    heardAt = Math.max(heardAt, time.now + 1 + (faults.hits("changes delayed") ? CHANGE_DELAY : 0))
    const found = resources.get(key)
    const after = found instanceof NotFound ? null : found
    // Some changes say what is there since, as of their time, and some don't.
    const change: Change = faults.chance(2) === 0 ? { _tag: "Changed", key } : { _tag: "Changed", key, after }
    time.after(heardAt - time.now, () => hear(change))
  }

  return {
    tell,
    visit: ({ key, operation }, act) =>
      key !== null && (operation === "put" || operation === "remove")
        ? write(`${operation} ${formatKey(key)}`, key, act)
        : read(operation, act)
  }
}
