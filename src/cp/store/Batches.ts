/**
 * Gathers what many ask for one at a time into few statements. The first is sent at the end of the turn in which it
 * came; what comes while the lanes are taken goes with the next. So nobody waits for company, and the more there is to
 * do the less each costs.
 */
import { Effect, Exit, FiberSet, type Scope } from "effect"

export interface BatchOptions<Item, Out, E> {
  /** Batches under way at a time. */
  readonly lanes: number
  /** Items in a batch. */
  readonly most: number
  /** Of a batch together; one that is larger by itself goes alone. */
  readonly mostBytes: number
  readonly bytesOf: (item: Item) => number
  /** Two items of one name never share a batch: the later comes after the earlier. Null: they may. */
  readonly nameOf: ((item: Item) => string) | null
  /** What comes of each, in their order. */
  readonly run: (items: ReadonlyArray<Item>) => Effect.Effect<ReadonlyArray<Out>, E>
  /** Whether one item may be to blame for the failure of all: each is then tried by itself. */
  readonly isOneToBlame: (error: E) => boolean
}

/** As long as one thing may keep everything else from its turn. */
const TURN_MILLIS = 10

export type Submit<Item, Out, E> = (item: Item) => Effect.Effect<Out, E>

interface Waiting<Item, Out, E> {
  readonly item: Item
  readonly resume: (effect: Effect.Effect<Out, E>) => void
}

/**
 * What is under way ends with the scope, and so does who waits then or comes later. Who gives up waiting takes nothing
 * back that was sent already.
 */
export const makeBatches = <Item, Out, E>(
  options: BatchOptions<Item, Out, E>
): Effect.Effect<Submit<Item, Out, E>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const fork = yield* FiberSet.makeRuntime<never, void, never>()
    let waiting: Array<Waiting<Item, Out, E>> = []
    let underWay = 0
    let isDue = false
    let hasEnded = false
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        hasEnded = true
        for (const { resume } of waiting.splice(0)) resume(Effect.interrupt)
      })
    )

    /** What waited goes on within the call, and that may be a lot: the rest of it waits for the next turn then. */
    const settle = (batch: ReadonlyArray<Waiting<Item, Out, E>>, exit: Exit.Exit<ReadonlyArray<Out>, E>): void => {
      let next = 0
      const goOn = (): void => {
        const began = performance.now()
        for (const { resume } of batch.slice(next)) {
          const index = next
          next += 1
          resume(Effect.flatMap(exit, (outs) => {
            const out = outs[index]
            return out === undefined ? Effect.die(new Error("a batch left one of its items out")) : Effect.succeed(out)
          }))
          if (next === batch.length || performance.now() - began < TURN_MILLIS) continue
          setImmediate(goOn)
          return
        }
      }
      goOn()
    }

    const send = (batch: ReadonlyArray<Waiting<Item, Out, E>>): Effect.Effect<void> =>
      options.run(batch.map(({ item }) => item)).pipe(
        Effect.onExit((exit) => {
          const error = Exit.findErrorOption(exit)
          return batch.length > 1 && error._tag === "Some" && options.isOneToBlame(error.value)
            ? Effect.forEach(batch, (one) => send([one]), { discard: true })
            : Effect.sync(() => settle(batch, exit))
        }),
        Effect.exit,
        Effect.asVoid
      )

    /** The oldest that fit together; the others keep their order. */
    const take = (): ReadonlyArray<Waiting<Item, Out, E>> => {
      const batch: Array<Waiting<Item, Out, E>> = []
      const rest: Array<Waiting<Item, Out, E>> = []
      const names = new Set<string>()
      let bytes = 0
      for (const [index, one] of waiting.entries()) {
        const name = options.nameOf?.(one.item)
        bytes += options.bytesOf(one.item)
        if (batch.length === options.most || (batch.length > 0 && bytes > options.mostBytes)) {
          rest.push(...waiting.slice(index))
          break
        }
        // Those of a name keep their order among each other, too.
        if (name !== undefined && names.has(name)) rest.push(one)
        else batch.push(one)
        if (name !== undefined) names.add(name)
      }
      waiting = rest
      return batch
    }

    const start = (): void => {
      isDue = false
      while (waiting.length > 0 && underWay < options.lanes) {
        underWay += 1
        fork(Effect.ensuring(
          send(take()),
          Effect.sync(() => {
            underWay -= 1
            due()
          })
        ))
      }
    }

    const due = (): void => {
      if (isDue || waiting.length === 0 || underWay >= options.lanes) return
      isDue = true
      queueMicrotask(start)
    }

    return (item) =>
      Effect.callback<Out, E>((resume) => {
        if (hasEnded) return resume(Effect.interrupt)
        const one: Waiting<Item, Out, E> = { item, resume }
        waiting.push(one)
        due()
        return Effect.sync(() => {
          const index = waiting.indexOf(one)
          if (index >= 0) waiting.splice(index, 1)
        })
      })
  })
