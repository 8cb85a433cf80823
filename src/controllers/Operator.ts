/**
 * The operator: AWS -> resources. Receives ECS's tasks and IAM's roles, by events and by periodic lists, and keeps
 * EcsTask, Dataplane, ZoneIngress, ZoneEgress and OutboundPort true in the store. Events only wake; what is done
 * follows from what is read then. It never talks to a proxy and never serves anything. One replica at a time runs it.
 */
import { Effect, Latch, Layer, Schedule } from "effect"
import type { Journal } from "../model/Journal.ts"
import { Store } from "../model/Store.ts"
import { AwsClients } from "./aws/AwsClients.ts"
import { CallBudgets } from "./aws/CallBudgets.ts"
import { CallLane } from "./aws/CallLane.ts"
import { type Clusters, EcsReader } from "./aws/EcsReader.ts"
import { EventBus } from "./aws/EventBus.ts"
import { HostAddress } from "./aws/HostAddress.ts"
import { IamReader } from "./aws/IamReader.ts"
import { SqsReader } from "./aws/SqsReader.ts"
import { DESCRIBE_AT_ONCE } from "./aws/TaskGathering.ts"
import { DataplaneController } from "./dataplane/Controller.ts"
import { EndpointHolders } from "./dataplane/EndpointHolders.ts"
import { givePorts } from "./dataplane/givePorts.ts"
import { OutboundPorts } from "./dataplane/OutboundPorts.ts"
import { EgressController } from "./egress/Controller.ts"
import { intake } from "./event/EventIntake.ts"
import { watchDeadLetters } from "./event/watchDeadLetters.ts"
import { goOn } from "./goOn.ts"
import { IngressController } from "./ingress/Controller.ts"
import { LastStored } from "./lifecycle/LastStored.ts"
import { OwnWrites } from "./lifecycle/OwnWrites.ts"
import { resync } from "./lifecycle/resync.ts"
import { watchStore } from "./lifecycle/watchStore.ts"
import type { OperatorConfig } from "./OperatorConfig.ts"
import { laneOf, makeWorkQueue, type WorkQueue } from "./queue/WorkQueue.ts"
import { TaskController } from "./TaskController.ts"
import { TokenController } from "./token/TokenController.ts"

const patience = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")]).pipe(Schedule.jittered)

/** Events that are taken are handled within this time, as a rule: well before the queue delivers them again. */
const EVENTS_WITHIN_SECONDS = 20

/** Tells what can't be done now, and tries again until it can. */
const untilPossible = (what: string) =>
<A, E extends { readonly message: string }, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.tapError((failure) => Effect.logWarning(what).pipe(Effect.annotateLogs({ reason: failure.message }))),
    Effect.retry(patience),
    Effect.orDie
  )

/** So long the first list waits for rules and queue: nobody is registered meanwhile. */
const RULES_WITHIN = "2 seconds"

interface FirstLook {
  /** Opened where there is nothing to wait for. */
  readonly may: Latch.Latch
  hasBegun: boolean
}

/** Lists everything and wakes all of it. Roles are read anew: nothing that is remembered repairs what no event said. */
const lookAtAll = (clusters: Clusters, work: WorkQueue, resyncSeconds: number) =>
  Effect.provideService(resync(clusters), CallLane, "bulk").pipe(
    Effect.tap(Effect.flatMap(IamReader, ({ forgetOldest }) => forgetOldest(resyncSeconds))),
    Effect.tap(({ proxies, tasks }) => Effect.map(TaskController, ({ doubtWhere }) => doubtWhere(tasks, proxies))),
    Effect.andThen(({ keys }) => Effect.sync(() => keys.forEach((key) => work.add(key, undefined, "bulk")))),
    // The change feed asks for ports as Dataplanes are written, unless the operator ended or the store was away then.
    Effect.andThen(Effect.flatMap(Store, (store) => store.list("Dataplane"))),
    Effect.tap(Effect.map(OutboundPorts, ({ forgetAll }) => forgetAll())),
    Effect.andThen(givePorts),
    Effect.catchTag("StoreUnavailable", (failure) =>
      Effect.logWarning("The full look at all tasks failed").pipe(Effect.annotateLogs({ reason: failure.message })))
  )

/**
 * What happened after the first list and before the rules stood is in no event. So the first list waits for the rules a
 * little, or else everything is looked at once more then; and again when a new rule surely works: "When you create or
 * update a rule, incoming events might not immediately start matching"
 * (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html).
 * Where there is no queue (yet), it is asked for again with each full look.
 */
const followEvents = Effect.fn("Operator.followEvents")(function*(
  clusters: Clusters,
  work: WorkQueue,
  resyncSeconds: number,
  first: FirstLook
) {
  const bus = yield* EventBus
  const ensure = bus.ensure(clusters.arns).pipe(untilPossible("The event rules and the queue can't be set up now"))
  let queueUrl = yield* ensure
  while (queueUrl === null) {
    first.may.openUnsafe()
    yield* Effect.sleep(`${resyncSeconds} seconds`)
    queueUrl = yield* ensure
  }
  yield* Effect.logInfo("The operator follows events").pipe(Effect.annotateLogs({ queue: queueUrl }))
  const look = lookAtAll(clusters, work, resyncSeconds)
  const again = Effect.andThen(first.hasBegun ? look : Effect.void, Effect.andThen(Effect.sleep("1 minute"), look))
  first.may.openUnsafe()
  const { callsASecond } = yield* EcsReader
  const mostOpen = () => callsASecond() * DESCRIBE_AT_ONCE * EVENTS_WITHIN_SECONDS
  const events = intake({ queueUrl, clusterArns: clusters.arns, work, mostOpen })
  yield* Effect.all([again, events, watchDeadLetters(queueUrl, resyncSeconds)], {
    concurrency: "unbounded",
    discard: true
  })
})

/** Of roles that the full look found changed some tasks may have been judged by what was known until then. */
const followRoles = (work: WorkQueue) =>
  Effect.flatMap(IamReader, ({ nextChanged }) => nextChanged).pipe(
    Effect.flatMap((roles) => TaskController.use(({ ofRoles }) => ofRoles(roles))),
    Effect.map((keys) => keys.forEach((key) => work.add(key))),
    Effect.catchTag("StoreUnavailable", (failure) =>
      Effect.logWarning("The tasks of changed roles can't be looked at again before the next full look").pipe(
        Effect.annotateLogs({ reason: failure.message })
      ))
  )

/** Watches the clusters that are there. Never ends by itself. */
const watch = (clusters: Clusters, work: WorkQueue, resyncSeconds: number) => {
  const first: FirstLook = { may: Latch.makeUnsafe(clusters.arns.length === 0), hasBegun: false }
  const looks = Effect.raceFirst(first.may.await, Effect.sleep(RULES_WITHIN)).pipe(
    Effect.andThen(Effect.suspend(() => {
      first.hasBegun = true
      return lookAtAll(clusters, work, resyncSeconds)
    })),
    Effect.andThen(Effect.sleep(`${resyncSeconds} seconds`)),
    goOn("Looking at all tasks")
  )
  const events = followEvents(clusters, work, resyncSeconds, first).pipe(goOn("Following events"))
  return clusters.arns.length === 0 ? looks : Effect.all([looks, events], { concurrency: "unbounded", discard: true })
}

/** A cluster that isn't there (yet) keeps nobody from the others: it is said, and watched from when it is there. */
const watchClusters = Effect.fn("Operator.watchClusters")(function*(
  { clusters: names, resyncSeconds }: OperatorConfig["aws"],
  work: WorkQueue
) {
  const ecs = yield* EcsReader
  const find = ecs.findClusters(names).pipe(untilPossible("The clusters to watch can't be read"))
  let clusters = yield* find
  while (true) {
    const { arns, missing } = clusters
    yield* Effect.logInfo("The operator watches").pipe(Effect.annotateLogs({ clusters: arns }))
    if (missing.length > 0) {
      yield* Effect.logWarning(
        "ECS has no such clusters here: check the names of the clusters to watch, and the region. " +
          "They are watched once they are there"
      ).pipe(Effect.annotateLogs({ missing }))
    }
    const others = missing.length === 0 ? Effect.never : Effect.sleep(`${resyncSeconds} seconds`).pipe(
      Effect.andThen(find),
      Effect.repeat({ until: (now) => now.arns.length !== arns.length })
    )
    clusters = yield* Effect.raceFirst(Effect.andThen(watch(clusters, work, resyncSeconds), Effect.never), others)
  }
})

const run = ({ aws }: OperatorConfig) =>
  Effect.gen(function*() {
    const tasks = yield* TaskController
    const tokens = yield* TokenController
    // Those that wait for AWS side by side share its calls: fewer would need more of them.
    const work = yield* makeWorkQueue(tasks.reconcile, { parallel: 20_000, keptForUrgent: 5_000 })
    /** What ECS says of a task wakes its token as well. */
    const both: WorkQueue = {
      size: work.size,
      add: (key, onHandled, urgency = "urgent") => {
        tokens.wake(key, laneOf(urgency))
        work.add(key, onHandled, urgency)
      }
    }
    // What the store says is watched from before the first list on, so that nothing falls in between.
    yield* Effect.forkScoped(watchStore(work).pipe(goOn("Watching the store")))
    yield* Effect.forkScoped(followRoles(work).pipe(goOn("Following roles")))
    return yield* watchClusters(aws, both).pipe(goOn("Watching the clusters"))
  })

/** A controller of dataplane tokens beside the operator's own, with what the operator has for it. */
export type TokenKeeping = Layer.Layer<TokenController, never, EcsReader | Store | Journal>

/** The services behind the operator, without the ports that whoever composes provides. */
const services = (config: OperatorConfig, tokens: TokenKeeping, budgets: Layer.Layer<CallBudgets>): Layer.Layer<
  | EcsReader | EventBus | IamReader | SqsReader | TaskController | TokenController
  | EndpointHolders | LastStored | OutboundPorts | OwnWrites,
  never,
  Store | Journal | AwsClients
> => {
  const readers = Layer.mergeAll(IamReader.layer, SqsReader.layer, EventBus.layer(config.aws), HostAddress.layer).pipe(
    Layer.provideMerge(EcsReader.layer),
    Layer.provide(budgets)
  )
  const memories = Layer.mergeAll(
    OutboundPorts.layer(config.zone),
    OwnWrites.layer,
    LastStored.layer,
    EndpointHolders.layer
  )
  const controllers = Layer.mergeAll(
    DataplaneController.layer(config),
    IngressController.layer(config),
    EgressController.layer(config)
  ).pipe(Layer.provideMerge(memories))
  return Layer.merge(TaskController.layer(config), tokens).pipe(Layer.provideMerge(Layer.merge(readers, controllers)))
}

/** The operator before clients of whoever composes: all that it knows of AWS it hears from them. */
export const operateWith = (
  config: OperatorConfig,
  tokens: TokenKeeping = TokenController.none,
  budgets: Layer.Layer<CallBudgets> = CallBudgets.layer(config.aws.apiShare)
): Effect.Effect<void, never, Store | Journal | AwsClients> =>
  Effect.scoped(run(config)).pipe(Effect.provide(services(config, tokens, budgets)))

/**
 * Runs until it is interrupted. Whoever composes runs it on the leading replica alone, and gives it `budgets` where
 * others of the process ask AWS as well.
 */
export const operate = (
  config: OperatorConfig,
  tokens: TokenKeeping = TokenController.none,
  budgets: Layer.Layer<CallBudgets> = CallBudgets.layer(config.aws.apiShare)
): Effect.Effect<void, never, Store | Journal> =>
  operateWith(config, tokens, budgets).pipe(Effect.provide(AwsClients.layer(config.aws)))
