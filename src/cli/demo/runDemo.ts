/** `npm start`: the demo, live until Ctrl-C, or once through. */
import { join, relative } from "node:path"
import { Console, Effect } from "effect"
import { followLive } from "./followLive.ts"
import { runOnce } from "./runOnce.ts"
import { startDemoWorld } from "./DemoWorld.ts"
import { writeDemoState } from "./DemoState.ts"
import { keepJournal, keptJournal } from "./keepJournal.ts"
import { lockDemo } from "./lockDemo.ts"
import { timed } from "./timed.ts"
import { whatToTry } from "./whatToTry.ts"
import { untilServing } from "./untilServing.ts"

export interface DemoOptions {
  readonly once: boolean
}

export const demoFolder = join(import.meta.dirname, "..", "..", "..", ".ecs-mesh", "demo")

export const runDemo = Effect.fn("runDemo")(
  function*({ once }: DemoOptions) {
    yield* lockDemo(demoFolder)
    const beganAt = Date.now()
    const since = performance.now()
    const log = (line: string): void => console.log(line)
    // The first finalizer is the last to run: whoever writes the journal has ended.
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        const kept = keepJournal(demoFolder, beganAt)
        if (kept !== null && !once) log(`The journal of this run: bin/ecs-mesh replay ${relative(process.cwd(), kept)}`)
      })
    )
    log("Demo")
    const world = yield* startDemoWorld({ folder: demoFolder, log })
    yield* writeDemoState(demoFolder, world)
    if (!once) yield* followLive(world)
    const waited = yield* untilServing(world)
    log(timed("first answer through the mesh", waited))
    log(`Ready in ${((performance.now() - since) / 1000).toFixed(1)} s`)
    if (once) return yield* runOnce(world, keptJournal(demoFolder, beganAt))
    yield* Console.log(whatToTry(world))
    return yield* Effect.never
  },
  Effect.scoped
)
