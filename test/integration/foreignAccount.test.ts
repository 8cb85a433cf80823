// Tasks by roles of an account that isn't among the authorized ones.
import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { type DemoWorld, startDemoWorld } from "../../src/cli/demo/DemoWorld.ts"

let world: DemoWorld
let scope: Scope.Closeable

beforeAll(async () => {
  scope = Effect.runSync(Scope.make())
  world = await Effect.runPromise(
    startDemoWorld({
      folder: mkdtempSync(join(tmpdir(), "ecs-mesh-foreign-")),
      log: () => {},
      usualPorts: false,
      environment: () => ({ KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: "111122223333" })
    }).pipe(Scope.provide(scope))
  )
}, 60_000)

afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
}, 60_000)

it("refuses a role of another account, and tells why in its log, in the sidecar's and as a condition", async () => {
  const { taskId } = await waitFor("a task", async () => (await world.demo.tasks())[0])
  const says = (read: () => string | Promise<string>) => async () => {
    const text = await read()
    return text.includes("AccountNotAuthorized") && text.includes("000000000000") ? text : undefined
  }
  const condition = await waitFor(
    "the condition",
    says(async () => (await fetch(`http://127.0.0.1:${world.ports.api}/ecs-tasks/${taskId}`)).text())
  )
  expect(JSON.parse(condition)).toMatchObject({ spec: { phase: "refused", proxy: null } })
  await waitFor("the sidecar's log", says(() => readFileSync(join(world.taskLogs, taskId, "sidecar.log"), "utf8")))
  await waitFor("the control plane's log", says(() => readFileSync(join(world.folder, "control-plane.log"), "utf8")))
  const { total } = await (await fetch(`http://127.0.0.1:${world.ports.api}/dataplanes`)).json() as { total: number }
  expect(total).toBe(0)
})
