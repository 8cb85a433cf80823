/** What a running demo tells the commands that act on it: where its AWS and its API are. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option, Schema } from "effect"
import type { DemoWorld } from "./DemoWorld.ts"

const DemoState = Schema.fromJsonString(
  Schema.Struct({
    pid: Schema.Number,
    api: Schema.String,
    endpoint: Schema.String,
    region: Schema.String,
    credentials: Schema.Struct({ accessKeyId: Schema.String, secretAccessKey: Schema.String })
  })
)
export type DemoState = typeof DemoState.Type

export const apiOf = ({ ports }: Pick<DemoWorld, "ports">): string => `http://127.0.0.1:${ports.api}`

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
    writeFileSync(file(folder), JSON.stringify({ pid: process.pid, api: apiOf(world), endpoint, region, credentials }))
  })
