/**
 * Handles one key: asks AWS about the task, hands what it says to the controller of its kind of proxy, and says when
 * to look again. A task without a sidecar is none of ours.
 */
import { Clock, Context, Effect, Exit, Layer, Metric, Semaphore } from "effect"
import { Journal } from "../model/Journal.ts"
import type { ProxyType } from "../model/ProxyType.ts"
import type { Resource } from "../model/Resource.ts"
import { Store, type StoreUnavailable } from "../model/Store.ts"
import { CallLane } from "./aws/CallLane.ts"
import { EcsReader, type TaskReading } from "./aws/EcsReader.ts"
import type { HostAddress } from "./aws/HostAddress.ts"
import type { IamReader } from "./aws/IamReader.ts"
import { DataplaneController } from "./dataplane/Controller.ts"
import { EgressController } from "./egress/Controller.ts"
import { IngressController } from "./ingress/Controller.ts"
import { type IgnoringSettings, whyIgnored } from "./lifecycle/ignored.ts"
import { KnownTasks } from "./lifecycle/KnownTasks.ts"
import { isSameRole, isSameTask, type LastLook, LastLooks } from "./lifecycle/LastLooks.ts"
import { LastStored } from "./lifecycle/LastStored.ts"
import { observeTask, readRole } from "./lifecycle/observeTask.ts"
import { OwnWrites } from "./lifecycle/OwnWrites.ts"
import { lookWithStop, type SaidStop } from "./lifecycle/stopSaid.ts"
import { type RoleName, tasksOfRoles } from "./lifecycle/tasksOfRoles.ts"
import { isGone, sidecarOf, type TaskObservation } from "./lifecycle/TaskObservation.ts"
import { ToldOnce } from "./lifecycle/ToldOnce.ts"
import type { OperatorConfig } from "./OperatorConfig.ts"
import { provideOnce } from "./provideOnce.ts"
import { LookPace } from "./queue/LookPace.ts"
import { noBreakOff } from "./queue/NoBreakOff.ts"
import { done, lookAgain, type Outcome, retry, wakeAt } from "./queue/Outcome.ts"
import { sharedNext } from "./sharedNext.ts"
import { parseTaskKey } from "./TaskKey.ts"

/** How long ECS may take to show in DescribeTasks what it said in an event. */
const LAG_MILLIS = 5_000
const LAG_STEP_MILLIS = 250

/** Bulk looks that are with the store at a time: an urgent one must not stand in line behind thousands. */
const BULK_AT_STORE = 128

const lookStretch = Metric.gauge("ecs_mesh_look_stretch", {
  description: "How many times rarer tasks are looked at without an event, for there being too many: 1, 2, 4, ..."
})

export class TaskController extends Context.Service<
  TaskController,
  {
    readonly reconcile: (key: string) => Effect.Effect<Outcome>
    /** An event spoke of this version of the task: a look that shows an older one is late, and repeated soon. */
    readonly expectVersion: (key: string, version: number) => void
    /** An event said that the task shall stop. To be told before the task is woken. */
    readonly expectStop: (key: string, stop: SaidStop) => void
    /** The next look at each task is a whole one, whatever it shows. */
    readonly doubtAll: () => void
    /** So is that at each task of which the store holds something else than was seen last. */
    readonly doubtWhere: (tasks: ReadonlyArray<Resource<"EcsTask">>, proxies: ReadonlyArray<Resource>) => void
    /** The tasks of the mesh as they were seen last. */
    readonly known: KnownTasks
    /** Keys of every task that runs with one of these roles, as the store knows them. */
    readonly ofRoles: (roles: ReadonlyArray<RoleName>) => Effect.Effect<ReadonlyArray<string>, StoreUnavailable>
  }
>()("ecs-mesh/controllers/TaskController") {
  static readonly layer = (config: OperatorConfig): Layer.Layer<
    TaskController,
    never,
    | DataplaneController | EgressController | IngressController
    | EcsReader | HostAddress | IamReader | Journal | LastStored | OwnWrites | Store
  > =>
    Layer.effect(
      TaskController,
      Effect.gen(function*() {
        const context = yield* Effect.context()
        const provide = provideOnce(yield* Effect.context<HostAddress | IamReader | Store>())
        const ecs = yield* EcsReader
        const own = yield* OwnWrites
        const stored = yield* LastStored
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
        const tasks = sharedNext((yield* Store).list("EcsTask"))
        const looks = new LastLooks()
        const stops = new Map<string, SaidStop>()
        const pace = new LookPace(ecs.callsASecond)
        const atStore = yield* Semaphore.make(BULK_AT_STORE)

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

        /** Whether ECS doesn't show yet that a task shall stop, as an event said. For so long the event holds. */
        const isStopAwaited = (
          awaited: boolean,
          { task }: TaskObservation,
          previous: Resource<"EcsTask"> | null
        ): boolean => awaited && previous?.spec.desiredStatus === "STOPPED" && task?.desiredStatus === "RUNNING"

        /**
         * Whether a task is MISSING that nobody saw stop. ECS shows a stopped task for an hour at least, so it may be
         * an answer from before the task was there, whether or not an event spoke of it: it must stay away for all of
         * the lag.
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

        /** Bulk looks take turns. What was begun is brought to its end, though an event asks for another meanwhile. */
        const withStore = Effect.fnUntraced(function*<A, E, R>(work: Effect.Effect<A, E, R>) {
          const whole = Effect.andThen(noBreakOff, work)
          return yield* (yield* CallLane) === "bulk" ? atStore.withPermit(whole) : whole
        })

        const isAsBefore = Effect.fnUntraced(function*(last: LastLook, reading: TaskReading | null) {
          if (reading === null || !isSameTask(last, reading)) return false
          return isSameRole(last, yield* readRole(config.aws, reading.task, null))
        })

        /** Remembers a look after which all is done, and says when the next is due. */
        const settle = (
          key: string,
          reading: TaskReading | null,
          look: TaskObservation,
          outcome: Outcome,
          age: number
        ): Outcome => {
          if (outcome._tag === "Retry") return outcome
          const patience = outcome._tag === "LookAgain" ? outcome.patience : null
          if (reading === null || isGone(look)) looks.forget(key)
          else looks.note(key, { told: JSON.stringify(reading.task), look, patience }, age)
          if (patience !== null) return nextLook(key, patience)
          pace.drop(key)
          return outcome
        }

        /** What can't be written now waits for the look that follows. */
        const actOnStop = Effect.fnUntraced(function*(key: string, stop: SaidStop) {
          const last = looks.of(key)
          if (last === undefined) return
          const previous = yield* stored.read({ type: "EcsTask", mesh: "", name: last.look.taskId })
          const look = lookWithStop(last.look, stop, previous)
          if (look === null) return
          looks.doubt(key)
          // Nobody breaks it off amid its writes.
          yield* controllers[kindOf(look, previous)].reconcile(key, look, previous).pipe(
            Effect.catchTag("Conflict", () => Effect.void),
            Effect.uninterruptible
          )
        })

        const nextLook = (key: string, patience: number): Outcome =>
          lookAgain(pace.next(key, patience, clock.currentTimeMillisUnsafe()), patience)

        const attempt = Effect.fnUntraced(function*(key: string) {
          const taskKey = parseTaskKey(key)
          const lane = yield* CallLane
          const { age } = looks
          // Somebody says that something is otherwise: should this look fail, none that comes later may end early.
          if (lane === "urgent") looks.doubt(key)
          const stop = stops.get(key)
          if (stop !== undefined) {
            yield* actOnStop(key, stop).pipe(
              // A look that is broken off, or can't ask the store, leaves it to the next.
              Effect.onExit((exit) => Effect.sync(() => {
                const isDone = Exit.isSuccess(exit) || Exit.hasDies(exit)
                if (isDone && stops.get(key) === stop) stops.delete(key)
              }))
            )
          }
          const reading = yield* ecs.readTask(taskKey)
          const last = lane === "bulk" && !expected.has(key) ? looks.undoubted(key) : undefined
          if (last !== undefined && last.patience !== null && (yield* isAsBefore(last, reading))) {
            return nextLook(key, last.patience)
          }
          looks.doubt(key)
          const previous = yield* stored.read({ type: "EcsTask", mesh: "", name: taskKey.taskId })
          const look = yield* observeTask(config.aws, taskKey, reading, previous)
          const soon = clock.currentTimeMillisUnsafe() + LAG_STEP_MILLIS
          // An older copy still tells something; a task that isn't there tells nothing until the wait is over.
          const awaited = isAwaited(key, look)
          const lagLane = awaited ? "urgent" : lane
          if (isMissed(key, look, previous)) return wakeAt(soon, lagLane)
          const isTooEarly = (awaited && look.task === null) || isStopAwaited(awaited, look, previous)
          if (isTooEarly || isLate(key, look, previous)) return wakeAt(soon, lagLane)
          const ignoredFor = previous === null ? whyIgnored(look, ignoring) : null
          // Of one that is left alone nothing is stored by which its end would be noticed.
          if (ignoredFor === null || isGone(look)) known.note(key, look, previous !== null)
          // Its last event may come after its proxy is gone.
          if (previous === null && isGone(look) && known.hasEnded(key)) return done
          const outcome = ignoredFor !== null
            ? ignore(key, look, ignoredFor)
            : yield* withStore(controllers[kindOf(look, previous)].reconcile(key, look, previous))
          return outcome._tag !== "Retry" && awaited ? wakeAt(soon, "urgent") : settle(key, reading, look, outcome, age)
        })

        const reconcile = Effect.fnUntraced(function*(key: string) {
          return yield* attempt(key).pipe(
            provide,
            Effect.catchTags({
              // Somebody wrote in between: what they wrote is read by the next look.
              Conflict: ({ expected, key: lost }) =>
                Effect.succeed(retry(`${lost} ${expected === "present" ? "has gone" : "was written by somebody else"}`)),
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
          ofRoles: (roles) => Effect.map(tasks, (all) => tasksOfRoles(all, roles)),
          reconcile,
          expectStop: (key, stop) => void stops.set(key, stop),
          doubtAll: () => looks.doubtAll(),
          doubtWhere: (tasks, proxies) => {
            looks.doubtWhere(tasks, proxies, (resource) => own.hasSeen(resource, resource.version))
            lookStretch.updateUnsafe(pace.stretch, context)
          },
          expectVersion: (key, version) => {
            const until = clock.currentTimeMillisUnsafe() + LAG_MILLIS
            expected.set(key, { version: Math.max(version, expected.get(key)?.version ?? 0), until })
          }
        }
      })
    )
}
