/** `npm start`: the demo, live until Ctrl-C, or once through. */
import { join } from "node:path"
import { Console, Effect } from "effect"
import { followLive } from "./followLive.ts"
import { runOnce } from "./runOnce.ts"
import { startDemoWorld } from "./DemoWorld.ts"
import { refuseSecondDemo, writeDemoState } from "./DemoState.ts"
import { whatToTry } from "./whatToTry.ts"
import { untilServing } from "./untilServing.ts"

export interface DemoOptions {
  readonly once: boolean
}

export const demoFolder = join(import.meta.dirname, "..", "..", "..", ".ecs-mesh", "demo")

export const runDemo = Effect.fn("runDemo")(
  function*({ once }: DemoOptions) {
    yield* refuseSecondDemo(demoFolder)
    const since = performance.now()
    const log = (line: string): void => console.log(line)
    log("Demo")
    const world = yield* startDemoWorld({ folder: demoFolder, log })
    yield* writeDemoState(demoFolder, world)
    if (!once) yield* followLive(world)
    const waited = yield* untilServing(world)
    log(`  ${"first answer through the mesh".padEnd(46)} ${(waited / 1000).toFixed(1)} s`)
    log(`Ready in ${((performance.now() - since) / 1000).toFixed(1)} s`)
    if (once) return yield* runOnce(world)
    yield* Console.log(whatToTry(world))
    return yield* Effect.never
  },
  Effect.scoped
)
