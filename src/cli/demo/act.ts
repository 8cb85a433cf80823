/** Acts on the demo that runs in this clone, from another terminal: each command is a call or two of AWS's API. */
import { Console, Effect } from "effect"
import { Demo, type DemoService, type RefusedTask } from "../../../localstack/demo/Demo.ts"
import { DemoFailed } from "./DemoWorld.ts"
import { readDemoState } from "./DemoState.ts"
import { demoFolder } from "./runDemo.ts"

const acting = <A>(run: (demo: Demo, api: string) => Promise<A>): Effect.Effect<A, DemoFailed> =>
  Effect.acquireUseRelease(
    Effect.suspend(() => {
      const state = readDemoState(demoFolder)
      return state === undefined
        ? Effect.fail(new DemoFailed({ message: "no demo runs here; start it with npm start" }))
        : Effect.succeed({ demo: new Demo(state), api: state.api })
    }),
    ({ api, demo }) =>
      Effect.tryPromise({
        try: () => run(demo, api),
        catch: (error) => new DemoFailed({ message: error instanceof Error ? error.message : String(error) })
      }),
    ({ demo }) => Effect.sync(() => demo.close())
  )

export const scale = (service: DemoService, count: number) =>
  count < 0
    ? Effect.fail(new DemoFailed({ message: `a service has 0 tasks or more, not ${count}` }))
    : acting((demo) => demo.scale(service, count)).pipe(
      Effect.andThen(Console.log(`${service} shall have ${count} task${count === 1 ? "" : "s"}`))
    )

export const roll = (service: DemoService) =>
  acting((demo) => demo.roll(service)).pipe(Effect.andThen(Console.log(`every task of ${service} is being replaced`)))

/** `which`: a service, whose first task is stopped, or the beginning of a task id. */
export const stop = (which: string) =>
  acting(async (demo) => {
    const tasks = (await demo.tasks()).filter(({ desiredStatus }) => desiredStatus === "RUNNING")
    const task = tasks.find(({ service, taskId }) => service === which || taskId.startsWith(which))
    if (task === undefined) {
      const known = tasks.map(({ service, taskId }) => `${service} ${taskId}`).join("\n  ")
      throw new Error(`no running task is ${which}; there are\n  ${known}`)
    }
    await demo.stopTask(task.taskId)
    return task
  }).pipe(Effect.flatMap(({ service, taskId }) => Console.log(`task ${taskId} of ${service} shall stop`)))

export const refuse = (which: RefusedTask) =>
  acting(async (demo, api) => ({ api, taskId: await demo.runRefused(which) })).pipe(
    Effect.flatMap(({ api, taskId }) => Console.log(howToReadRefusal(which, taskId, api)))
  )

/** What to do next, with a task that runs and is refused. */
export const howToReadRefusal = (which: RefusedTask, taskId: string, api: string): string =>
  `task ${taskId} runs, and the mesh refuses it: the live view says so. Why:
  bin/ecs-mesh explain ${taskId} --address ${api}
  ${api}/ecs-tasks/${taskId}   (until it has stopped; explain knows it longer)
end it with bin/ecs-mesh demo stop ${which}`

const roleOf = (service: string): string => `demo-${service}`

/** `tag` is `KEY=VALUE`. */
export const tag = (service: string, tag: string) => {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(tag) ?? []
  if (key === undefined || value === undefined) {
    return Effect.fail(new DemoFailed({ message: `a tag is KEY=VALUE, such as kuma.io/mesh=other, not "${tag}"` }))
  }
  return acting((demo) => demo.tagRole(roleOf(service), { [key]: value })).pipe(
    Effect.andThen(Console.log(`${roleOf(service)} has the tag ${key}=${value}`))
  )
}

export const untag = (service: string, key: string) =>
  acting((demo) => demo.untagRole(roleOf(service), [key])).pipe(
    Effect.andThen(Console.log(`${roleOf(service)} has no tag ${key}`))
  )
