/**
 * One source, many subscribers, each with all that was published since it subscribed. Who waits for it hears it within
 * the call that publishes it: between a commit and the proxies no turn of the event loop is spent on handing it on.
 */
import { Channel, Effect, Scope, Stream } from "effect"

interface Subscriber<A> {
  unheard: Array<A>
  wake: (() => void) | null
}

export class Broadcast<A> {
  readonly #subscribers = new Set<Subscriber<A>>()

  publish(items: ReadonlyArray<A>): void {
    if (items.length === 0) return
    // All have it before any of them acts on it.
    for (const subscriber of this.#subscribers) subscriber.unheard.push(...items)
    for (const subscriber of this.#subscribers) subscriber.wake?.()
  }

  /** Subscribed once its consumer starts, not at its first pull. */
  get stream(): Stream.Stream<A> {
    return Stream.fromChannel(Channel.fromTransform((_upstream: unknown, scope) => this.#subscribe(scope)))
  }

  #subscribe(scope: Scope.Scope) {
    const subscriber: Subscriber<A> = { unheard: [], wake: null }
    this.#subscribers.add(subscriber)
    return Effect.as(
      Scope.addFinalizer(scope, Effect.sync(() => this.#subscribers.delete(subscriber))),
      this.#pull(subscriber)
    )
  }

  #pull(subscriber: Subscriber<A>): Effect.Effect<readonly [A, ...Array<A>]> {
    return Effect.callback((resume) => {
      const hear = (): void => {
        const [first, ...rest] = subscriber.unheard
        if (first === undefined) return
        subscriber.unheard = []
        subscriber.wake = null
        resume(Effect.succeed([first, ...rest]))
      }
      subscriber.wake = hear
      hear()
      return Effect.sync(() => {
        subscriber.wake = null
      })
    })
  }
}
