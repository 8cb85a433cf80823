/**
 * What the store was last known to hold of a task and of its proxy: what the operator wrote, or read. A look that an
 * event asks for goes by it instead of asking the store for what it told before. That is safe, as nothing is written but
 * over the version that was gone by, and whoever else writes is told of by the change feed, which has it forgotten and
 * the task looked at again. Looks that only their time has come for read the store: they repair what nobody told.
 */
import { Context, Effect, Exit, Layer } from "effect"
import { formatKey, isType, type Resource, type ResourceKey, type ResourceType } from "../../model/Resource.ts"
import type { Store, StoreUnavailable } from "../../model/Store.ts"
import { CallLane } from "../aws/CallLane.ts"
import { readStored } from "./readStored.ts"

export class LastStored extends Context.Service<
  LastStored,
  {
    /** Null where the store has none. */
    readonly read: <T extends ResourceType>(key: ResourceKey<T>) => Effect.Effect<
      Resource<T> | null,
      StoreUnavailable,
      Store
    >
    /**
     * To be called before the store is asked or told: gives what takes its answer in, null where nothing is known by
     * it. An answer is of before whatever was heard of the key meanwhile, and counts no more then.
     */
    readonly ask: (key: ResourceKey) => (answer: Resource | null) => void
    /** Somebody wrote or removed it, or may have. */
    readonly forget: (key: ResourceKey) => void
    readonly forgetAll: () => void
  }
>()("ecs-mesh/controllers/lifecycle/LastStored") {
  static readonly layer: Layer.Layer<LastStored> = Layer.sync(LastStored, () => {
    const held = new Map<string, Resource>()
    /** The last question about each key, while nothing was heard of it since. */
    const questions = new Map<string, symbol>()

    const forget = (key: ResourceKey): void => {
      questions.delete(formatKey(key))
      held.delete(formatKey(key))
    }

    const ask = (key: ResourceKey) => {
      const name = formatKey(key)
      const question = Symbol(name)
      questions.set(name, question)
      return (answer: Resource | null): void => {
        if (questions.get(name) !== question) return
        questions.delete(name)
        if (answer === null) held.delete(name)
        else held.set(name, answer)
      }
    }

    const readAnew = <T extends ResourceType>(key: ResourceKey<T>) =>
      Effect.suspend(() => {
        const take = ask(key)
        return readStored(key).pipe(
          Effect.onExit((exit) => Effect.sync(() => take(Exit.isSuccess(exit) ? exit.value : null)))
        )
      })

    return {
      ask,
      forget,
      read: (key) =>
        Effect.flatMap(CallLane, (lane) => {
          const known = lane === "urgent" ? held.get(formatKey(key)) : undefined
          return known !== undefined && isType(key.type, known) ? Effect.succeed(known) : readAnew(key)
        }),
      forgetAll: () => {
        questions.clear()
        held.clear()
      }
    }
  })
}
