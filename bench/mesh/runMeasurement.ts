/**
 * A measurement as a process of its own: its plan is its only argument, its figures are what it prints. Whatever it
 * started is ended, however the measurement ends.
 */
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Plan } from "./Plan.ts"

/** Starts a part and says how it is stopped. */
export type Part = <A>(start: Promise<A>, stop: (started: A) => unknown) => Promise<A>

export interface Workplace<P = Plan> {
  readonly plan: P
  readonly part: Part
  /** For work dirs and logs; it goes with the measurement. */
  readonly folder: string
}

export const say = (line: string): void => console.error(`  ${line}`)

const root = join(import.meta.dirname, "..", "..")

const endAll = async (endings: ReadonlyArray<() => unknown>): Promise<void> => {
  for (const end of endings.toReversed()) {
    try {
      await end()
    } catch (error) {
      say(`ending: ${String(error)}`)
    }
  }
}

export const runMeasurement = async <P, F>(measure: (workplace: Workplace<P>) => Promise<F>): Promise<never> => {
  const plan: P = JSON.parse(process.argv[2] ?? "{}")
  const endings: Array<() => unknown> = []
  const part: Part = async (start, stop) => {
    const started = await start
    endings.push(() => stop(started))
    return started
  }
  const { promise: interrupted, reject: interrupt } = Promise.withResolvers<never>()
  interrupted.catch(() => undefined)
  const onSignal = (signal: NodeJS.Signals): void => interrupt(new Error(`ended by ${signal}`))
  // A Ctrl-C comes from the terminal, and again from the bench: the ending of what was started mustn't break off.
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal)
  // The bench holds the other end.
  process.stdin.resume().once("end", () => interrupt(new Error("the bench has ended")))
  // Not under a folder that only its owner may enter: Postgres runs as another user.
  const folder = join(root, ".ecs-mesh", `bench-mesh-${process.pid}`)
  try {
    await part(mkdir(folder, { recursive: true }), () => rm(folder, { recursive: true, force: true }))
    const measured = measure({ plan, part, folder })
    measured.catch(() => undefined)
    console.log(JSON.stringify(await Promise.race([measured, interrupted])))
  } catch (error) {
    say(error instanceof Error ? error.stack ?? error.message : String(error))
    process.exitCode = 1
  }
  await endAll(endings)
  process.exit()
}
