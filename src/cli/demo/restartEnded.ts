/** Says when the control plane ended by itself, and starts it again after a short while, as ECS would. */
import { Effect } from "effect"
import type { DemoWorld } from "./DemoWorld.ts"

const BACKOFF_MILLIS = [1_000, 2_000, 5_000, 10_000, 30_000] as const

/** One that ran this long was well. */
const WELL_AFTER_MILLIS = 60_000

const backoff = (failures: number): number => BACKOFF_MILLIS[Math.min(failures, BACKOFF_MILLIS.length - 1)] ?? 30_000

export type RestartedWorld = Pick<DemoWorld, "controlPlane" | "restartControlPlane">

/** For as long as it isn't interrupted; `say` gets lines about the control plane. */
export const restartEnded = Effect.fn("restartEnded")(function*(world: RestartedWorld, say: (text: string) => void) {
  let failures = 0
  while (true) {
    const { exited, pid } = world.controlPlane()
    const since = Date.now()
    const { code, signal } = yield* Effect.promise(() => exited)
    if (Date.now() - since > WELL_AFTER_MILLIS) failures = 0
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`
    const wait = backoff(failures++)
    say(
      `process ${pid} ended ${how}. Traffic goes on: each Envoy keeps what it has. Nothing new is decided until it's ` +
        `started again, in ${wait / 1_000} s`
    )
    yield* Effect.sleep(wait)
    const began = Date.now()
    // Not interrupted halfway, or the one that starts would be nobody's to stop.
    yield* Effect.uninterruptible(Effect.tryPromise(() => world.restartControlPlane())).pipe(
      Effect.matchEffect({
        onFailure: ({ cause }) =>
          Effect.sync(() => say(`can't be started again: ${cause instanceof Error ? cause.message : String(cause)}`)),
        onSuccess: () =>
          Effect.sync(() =>
            say(`runs again as process ${world.controlPlane().pid}, after ${((Date.now() - began) / 1_000).toFixed(1)} s`)
          )
      })
    )
  }
})
