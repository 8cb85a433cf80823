/** A journal whose entries traces are made of, besides. Where nothing is traced it is the journal itself. */
import { Effect, Layer } from "effect"
import { Journal } from "../../model/Journal.ts"
import { Traces } from "./Traces.ts"

export const tracedJournal = <A, E, R>(journal: Layer.Layer<A | Journal, E, R>): Layer.Layer<A | Journal, E, R> =>
  Layer.effect(
    Journal,
    Effect.gen(function*() {
      const [inner, traces] = [yield* Journal, yield* Traces]
      if (traces === null) return inner
      return Journal.of({
        append: (entry) => {
          inner.append(entry)
          traces.note(entry, Date.now())
        }
      })
    })
  ).pipe(Layer.provideMerge(journal))
