/** Waits until every service of the demo has all its tasks in the mesh and a request gets through it. */
import { Effect } from "effect"
import { DemoFailed, type DemoWorld } from "./DemoWorld.ts"
import { Load } from "./Load.ts"

const WITHIN_MILLIS = 90_000
const EVERY = "50 millis"

/** The tasks of a service that the control plane gives to others as endpoints. */
export const readyTasks = async (world: DemoWorld, service: string): Promise<ReadonlyArray<string>> => {
  const answer = await fetch(`http://127.0.0.1:${world.ports.api}/meshes/default/dataplanes?size=1000`)
  if (!answer.ok) return []
  const { items } = await answer.json() as {
    items: ReadonlyArray<{
      name: string
      networking: { inbound?: ReadonlyArray<{ state?: string; tags: Readonly<Record<string, string>> }> }
    }>
  }
  return items
    .filter(({ networking: { inbound = [] } }) =>
      inbound.some(({ state = "Ready", tags }) => tags["kuma.io/service"] === service && state === "Ready"))
    .map(({ name }) => name)
}

/** Milliseconds that it took. */
export const untilServing = Effect.fn("untilServing")(function*(world: DemoWorld) {
  const since = Date.now()
  while (Date.now() - since < WITHIN_MILLIS) {
    const serving = yield* Effect.promise(async () => {
      try {
        const [apps, kvs] = await Promise.all([readyTasks(world, "demo-app"), readyTasks(world, "kv")])
        if (apps.length < 1 || kvs.length < 2 || world.balancer.targetIds.length === 0) return false
        return (await Load.send(loadUrl(world), 1)).answered === 1
      } catch {
        return false
      }
    })
    if (serving) return Date.now() - since
    yield* Effect.sleep(EVERY)
  }
  return yield* new DemoFailed({
    message: `no request got through the mesh within ${WITHIN_MILLIS / 1000} s. Look at:\n` +
      `  ${world.folder}/control-plane.log\n  ${world.taskLogs}/*/sidecar.log\n` +
      `  http://127.0.0.1:${world.ports.api}/ecs-tasks (each task with its conditions)`
  })
})

/** Counts up in kv: from the load balancer to demo-app, and from there through both Envoys. */
export const loadUrl = (world: DemoWorld): string => `${world.balancer.url}/api/counter`
