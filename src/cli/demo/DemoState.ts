/** What a running demo tells the commands that act on it: where its AWS is. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option, Schema } from "effect"
import { DemoFailed, type DemoWorld } from "./DemoWorld.ts"

const DemoState = Schema.fromJsonString(
  Schema.Struct({
    pid: Schema.Number,
    endpoint: Schema.String,
    region: Schema.String,
    credentials: Schema.Struct({ accessKeyId: Schema.String, secretAccessKey: Schema.String })
  })
)
export type DemoState = typeof DemoState.Type

const file = (folder: string): string => join(folder, "demo.json")

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** The demo that runs here, or undefined. */
export const readDemoState = (folder: string): DemoState | undefined => {
  if (!existsSync(file(folder))) return undefined
  const state = Option.getOrUndefined(Schema.decodeUnknownOption(DemoState)(readFileSync(file(folder), "utf8")))
  return state !== undefined && isAlive(state.pid) ? state : undefined
}

export const writeDemoState = (folder: string, world: DemoWorld) =>
  Effect.sync(() => {
    const { credentials, endpoint, region } = world.emulator
    writeFileSync(file(folder), JSON.stringify({ pid: process.pid, endpoint, region, credentials }))
  })

export const refuseSecondDemo = (folder: string): Effect.Effect<void, DemoFailed> => {
  const running = readDemoState(folder)
  return running === undefined
    ? Effect.void
    : Effect.fail(new DemoFailed({ message: `the demo already runs here (process ${running.pid}); end it with Ctrl-C first` }))
}
