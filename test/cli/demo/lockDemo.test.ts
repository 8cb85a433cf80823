import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { lockDemo } from "../../../src/cli/demo/lockDemo.ts"

const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-lock-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const take = Effect.scoped(lockDemo(folder))

describe("a demo's folder", () => {
  it("is one demo's, and whoever comes second is told whose", async () => {
    const second = await Effect.runPromise(Effect.scoped(Effect.andThen(lockDemo(folder), Effect.flip(take))))
    expect(second.message).toBe(`the demo already runs here (process ${process.pid}); end it with Ctrl-C first`)
  })

  it("is free again once its demo has ended", () => Effect.runPromise(Effect.andThen(take, take)))

  it("is free again once its demo was killed, which could clean nothing up", async () => {
    const module = JSON.stringify(join(import.meta.dirname, "../../../src/cli/demo/lockDemo.ts"))
    const holder = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      `import { Effect, Scope } from "effect"
       import { lockDemo } from ${module}
       await Effect.runPromise(lockDemo(${JSON.stringify(folder)}).pipe(Scope.provide(Scope.makeUnsafe())))
       console.log("taken")
       setInterval(() => {}, 1000)`
    ], { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] })
    try {
      await new Promise((resolve, reject) => {
        holder.stdout.once("data", resolve)
        holder.once("exit", () => reject(new Error("it ended before it had the lock")))
      })
      expect((await Effect.runPromise(Effect.flip(take))).message).toContain(`(process ${holder.pid})`)
    } finally {
      const ended = new Promise((resolve) => holder.once("exit", resolve))
      holder.kill("SIGKILL")
      await ended
    }
    await Effect.runPromise(take)
  })
})
