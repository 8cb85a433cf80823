import { mkdtempSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { type DemoWorld, type DemoWorldOptions, startDemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { untilServing } from "../../src/cli/demo/untilServing.ts"
import { createDatabase } from "./testDatabase.ts"

export interface TestWorld {
  readonly world: DemoWorld
  readonly stop: () => Promise<void>
}

export interface WorldOptions extends Omit<DemoWorldOptions, "folder" | "log" | "taskGraceMillis" | "usualPorts"> {
  /** False: it isn't waited for, as its own tasks can't get in. */
  readonly serving?: boolean
}

/**
 * The demo's world in a folder and on a database of its own, serving. Whatever was started is ended also where it can't
 * serve.
 */
export const startWorld = async (
  { environment, serving = true, ...options }: WorldOptions = {}
): Promise<TestWorld> => {
  const database = await createDatabase()
  const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-world-"))
  const scope = Effect.runSync(Scope.make())
  const stop = async (): Promise<void> => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await database.drop()
    if (process.env["ECS_MESH_KEEP_WORLD"] === undefined) await rm(folder, { recursive: true, force: true })
  }
  try {
    const world = await Effect.runPromise(
      startDemoWorld({
        ...options,
        environment: (...aws) => ({ ...database.environment, ...environment?.(...aws) }),
        folder,
        log: () => {},
        // Nobody looks at them any more.
        taskGraceMillis: 0,
        usualPorts: false
      }).pipe(
        Effect.tap((world) => serving ? untilServing(world) : Effect.void),
        Scope.provide(scope)
      )
    )
    return { world, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
