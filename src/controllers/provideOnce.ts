/**
 * Provides services to effects that run again and again. To provide is to copy all that is there already: each look at
 * a task did so twice. Where the same is there as before, what was put together then is taken again.
 */
import { Context, Effect } from "effect"

export const provideOnce = <S>(services: Context.Context<S>) => {
  const together = new WeakMap<object, Context.Context<S>>()
  const merge = (there: Context.Context<never>): Context.Context<S> => {
    const known = together.get(there) ?? Context.merge(there, services)
    together.set(there, known)
    return known
  }
  return <A, E>(effect: Effect.Effect<A, E, S>): Effect.Effect<A, E> => Effect.updateContext(effect, merge)
}
