/**
 * Handles one key: asks AWS about the task, hands what it says to the controller of its kind of proxy, and says when
 * to look again. A task without a sidecar is none of ours.
 */
import { Clock, Context, Effect, Layer } from "effect"
import { Journal } from "../model/Journal.ts"
import type { ProxyType } from "../model/ProxyType.ts"
import type { Resource } from "../model/Resource.ts"
import type { Store } from "../model/Store.ts"
import type { EcsReader } from "./aws/EcsReader.ts"
import type { HostAddress } from "./aws/HostAddress.ts"
import type { IamReader } from "./aws/IamReader.ts"
import { DataplaneController } from "./dataplane/Controller.ts"
import { EgressController } from "./egress/Controller.ts"
import { IngressController } from "./ingress/Controller.ts"
import { type IgnoringSettings, whyIgnored } from "./lifecycle/ignored.ts"
import { KnownTasks } from "./lifecycle/KnownTasks.ts"
import { observeTask } from "./lifecycle/observeTask.ts"
import { readStored } from "./lifecycle/readStored.ts"
import { isGone, sidecarOf, type TaskObservation } from "./lifecycle/TaskObservation.ts"
import { ToldOnce } from "./lifecycle/ToldOnce.ts"
import type { OperatorConfig } from "./OperatorConfig.ts"
import { done, type Outcome, retry, wakeAt } from "./queue/Outcome.ts"
import { parseTaskKey } from "./TaskKey.ts"

/** How long ECS may take to show in DescribeTasks what it said in an event. */
const LAG_MILLIS = 5_000
const LAG_STEP_MILLIS = 250

export class TaskController extends Context.Service<
  TaskController,
  {
    readonly reconcile: (key: string) => Effect.Effect<Outcome>
    /** An event spoke of this version of the task: a look that shows an older one is late, and repeated soon. */
    readonly expectVersion: (key: string, version: number) => void
    /** The tasks of the mesh as they were seen last. */
    readonly known: KnownTasks
  }
>()("ecs-mesh/controllers/TaskController") {
  static readonly layer = (config: OperatorConfig): Layer.Layer<
    TaskController,
    never,
    DataplaneController | EgressController | IngressController | EcsReader | HostAddress | IamReader | Journal | Store
  > =>
    Layer.effect(
      TaskController,
      Effect.gen(function*() {
        const services = yield* Effect.context<EcsReader | HostAddress | IamReader | Store>()
        const journal = yield* Journal
        const clock = yield* Clock.Clock
        const controllers = {
          dataplane: yield* DataplaneController,
          ingress: yield* IngressController,
          egress: yield* EgressController
        }
        const expected = new Map<string, { readonly version: number; readonly until: number }>()
        /** When ECS first called a task MISSING that was running when it was seen last. */
        const missed = new Map<string, number>()
        const ignored = new ToldOnce()
        const ignoring: IgnoringSettings = { dataplanesBringOwn: config.dataplanesBringOwn === true }
        const known = new KnownTasks()

        /** An older copy of the task than one that was seen already: it must not undo what the newer one led to. */
        const isLate = (key: string, { task }: TaskObservation, previous: Resource<"EcsTask"> | null): boolean =>
          task !== null && task.version < (previous?.spec.taskVersion ?? known.lastVersionOf(key))

        /**
         * Whether an event spoke of a version that ECS doesn't show yet. DescribeTasks is eventually consistent, so a
         * task that it calls MISSING may be one that it doesn't know yet.
         */
        const isAwaited = (key: string, { task }: TaskObservation): boolean => {
          const hint = expected.get(key)
          if (hint === undefined) return false
          const shown = task?.version ?? 0
          if (shown < hint.version && clock.currentTimeMillisUnsafe() <= hint.until) return true
          expected.delete(key)
          return false
        }

        /**
         * Whether a task is MISSING that nobody saw stop. ECS shows a stopped task for an hour at least, so it may be
         * an answer from before the task was there, whether or not an event spoke of it: it must stay away for the whole
         * lag.
         */
        const isMissed = (key: string, { task }: TaskObservation, previous: Resource<"EcsTask"> | null): boolean => {
          if (task !== null || previous?.spec.desiredStatus !== "RUNNING") {
            missed.delete(key)
            return false
          }
          const now = clock.currentTimeMillisUnsafe()
          const since = missed.get(key) ?? now
          missed.set(key, since)
          if (now - since <= LAG_MILLIS) return true
          missed.delete(key)
          return false
        }

        const ignore = (key: string, look: TaskObservation, why: string): Outcome => {
          if (ignored.isNews(key)) {
            journal.append({ kind: "observation", key, of: null, settings: ignoring, observation: { look } })
            journal.append({ kind: "decision", key, from: null, to: "ignored", why })
          }
          if (look.task === null || look.task.lastStatus === "STOPPED") ignored.forget(key)
          return done
        }

        const kindOf = (look: TaskObservation, previous: Resource<"EcsTask"> | null): ProxyType =>
          sidecarOf(look)?.sidecar?.proxyType ?? previous?.spec.proxy?.proxyType ?? "dataplane"

        const attempt = Effect.fnUntraced(function*(key: string) {
          const taskKey = parseTaskKey(key)
          const previous = yield* readStored({ type: "EcsTask", mesh: "", name: taskKey.taskId })
          const look = yield* observeTask(config.aws, taskKey, previous)
          const soon = clock.currentTimeMillisUnsafe() + LAG_STEP_MILLIS
          // An older copy still tells something; a task that isn't there tells nothing until the wait is over.
          const awaited = isAwaited(key, look)
          if (isMissed(key, look, previous)) return wakeAt(soon)
          if (isLate(key, look, previous) || (awaited && look.task === null)) return wakeAt(soon)
          const ignoredFor = previous === null ? whyIgnored(look, ignoring) : null
          // Of one that is left alone nothing is stored by which its end would be noticed.
          if (ignoredFor === null || isGone(look)) known.note(key, look, previous !== null)
          // Its last event may come after its proxy is gone.
          if (previous === null && isGone(look) && known.hasEnded(key)) return done
          const outcome = ignoredFor !== null
            ? ignore(key, look, ignoredFor)
            : yield* controllers[kindOf(look, previous)].reconcile(key, look, previous)
          return outcome._tag !== "Retry" && awaited ? wakeAt(soon) : outcome
        })

        const reconcile = Effect.fn("TaskController.reconcile")(function*(key: string) {
          return yield* attempt(key).pipe(
            Effect.provide(services),
            Effect.catchTags({
              // Somebody wrote in between: what they wrote is read by the next look.
              Conflict: (conflict) => Effect.succeed(retry(`${conflict.key} was written by somebody else`)),
              StoreUnavailable: (failure) => Effect.succeed(retry(failure.message)),
              AwsCallFailed: (failure) =>
                Effect.logWarning("AWS can't be asked about a task").pipe(
                  Effect.annotateLogs({
                    key, call: `${failure.service}:${failure.operation}`, reason: failure.message
                  }),
                  Effect.as(retry(failure.message))
                )
            })
          )
        })

        return {
          known,
          reconcile,
          expectVersion: (key, version) => {
            const until = clock.currentTimeMillisUnsafe() + LAG_MILLIS
            expected.set(key, { version: Math.max(version, expected.get(key)?.version ?? 0), until })
          }
        }
      })
    )
}
