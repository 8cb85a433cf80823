/**
 * Carries EventBridge's events from the SQS queue to the work queue. Receives messages, wakes keys, and deletes a
 * message only once every key that it woke was handled. It reads nothing of AWS but the queue.
 */
import { Array as Arr, Clock, Effect, Queue } from "effect"
import { Journal } from "../../model/Journal.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { lastPart } from "../arn.ts"
import { IamReader } from "../aws/IamReader.ts"
import { DELETE_AT_ONCE, type QueuedMessage, SqsReader } from "../aws/SqsReader.ts"
import { goOn } from "../goOn.ts"
import type { KnownTasks } from "../lifecycle/KnownTasks.ts"
import { stopSaid } from "../lifecycle/stopSaid.ts"
import type { Urgency, WorkQueue } from "../queue/WorkQueue.ts"
import { TaskController } from "../TaskController.ts"
import { type Decoded, decode } from "./decode.ts"
import { receiveAll } from "./receiveAll.ts"

export interface IntakeOptions {
  readonly queueUrl: string
  readonly clusterArns: ReadonlyArray<string>
  readonly work: WorkQueue
  /** So many events may be under way now: they must be handled before the queue delivers them again. */
  readonly mostOpen: () => number
}

type ChangedRole = Pick<Extract<Decoded, { readonly _tag: "RoleChanged" }>, "account" | "roleName">

/**
 * How long after its event a change of a role may show: "Any change that you make in IAM [...] takes time to become
 * visible from all possible endpoints." A role has no version by which an answer could be told to be late, so it is
 * read twice.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 */
const ROLE_LAG_MILLIS = 3_000

/** What is remembered of the roles is forgotten. */
const wokenByRoles = Effect.fnUntraced(function*(roles: ReadonlyArray<ChangedRole>) {
  const { forget } = yield* IamReader
  for (const { account, roleName } of roles) yield* forget(account, roleName)
  return yield* (yield* TaskController).ofRoles(roles)
})

/** The keys that an event wakes. */
interface Woken {
  /** What the event says is done with once these were handled. */
  readonly awaited: ReadonlyArray<string>
  readonly urgency: Urgency
  /** Woken before, as the event makes a look at them worthwhile: whatever comes of it, the event is done with. */
  readonly beforehand: ReadonlyArray<string>
}

const nobody: Woken = { awaited: [], urgency: "urgent", beforehand: [] }

/**
 * ECS tells a task to stop once it has seen its replacement healthy, of which it sends no event. So the stop of one
 * task says that the other tasks of its service may be ready now.
 */
const wokenByTask = (
  { event: { detail }, key }: Extract<Decoded, { readonly _tag: "TaskChanged" }>,
  urgency: Urgency,
  known: KnownTasks
): Woken => ({
  awaited: [key],
  urgency,
  beforehand: detail.desiredStatus === "STOPPED" && detail.group?.startsWith("service:")
    ? known.waitingIn(detail.clusterArn, detail.group).filter((other) => other !== key)
    : []
})

const wokenBy = Effect.fnUntraced(function*(
  decoded: Decoded,
  clusterArns: ReadonlyArray<string>
): Effect.fn.Return<Woken, StoreUnavailable, Store | IamReader | TaskController> {
  const { expectStop, expectVersion, known } = yield* TaskController
  switch (decoded._tag) {
    case "TaskChanged": {
      if (!clusterArns.includes(decoded.event.detail.clusterArn)) return nobody
      // What comes out of an archive is of long ago: ECS shows it by now, or nothing of the task any more.
      if (decoded.event["replay-name"] !== undefined) return wokenByTask(decoded, "urgent", known)
      expectVersion(decoded.key, decoded.version)
      const stop = stopSaid(decoded.event)
      if (stop === null) return wokenByTask(decoded, "urgent", known)
      expectStop(decoded.key, stop)
      // A look that another event asked for may wait for an answer of ECS' or IAM's, and this needs none.
      return wokenByTask(decoded, "atOnce", known)
    }
    // These two say what the tasks' own events say as well: they make up for one that was lost.
    case "ServiceChanged":
      return { ...nobody, beforehand: known.ofService(decoded.clusterArn, lastPart(decoded.key)) }
    case "InstanceLeft":
      return { ...nobody, beforehand: known.ofInstance(decoded.instanceArn) }
    case "RoleChanged":
      return { ...nobody, awaited: yield* wokenByRoles([decoded]) }
    case "Ignored":
      return nobody
  }
})

/**
 * Events come in bursts, and nobody waits for a deletion: it must only come well before the queue delivers again. One
 * that never comes, as the operator ended, means a look that changes nothing.
 */
const GATHER = "1 second"

/** Calls that delete side by side. */
const DELETING = 8

export const intake = Effect.fn("EventIntake.intake")(function*(
  { clusterArns, mostOpen, queueUrl, work }: IntakeOptions
) {
  const sqs = yield* SqsReader
  const services = yield* Effect.context<IamReader | Store | TaskController>()
  const journal = yield* Journal
  const handled = yield* Queue.unbounded<string>()
  const changed = yield* Queue.unbounded<{ readonly role: ChangedRole; readonly againAt: number }>()

  const take = Effect.fnUntraced(function*({ body, receipt }: QueuedMessage, done: () => void) {
    const isHandled = (): void => {
      done()
      Queue.offerUnsafe(handled, receipt)
    }
    const decoded = decode(body)
    if (decoded._tag === "Ignored") {
      journal.append({ kind: "event", key: "ignored", reason: decoded.reason })
    } else {
      const { event, key } = decoded
      journal.append({ kind: "event", key, source: event.source, detailType: event["detail-type"], event })
    }
    if (decoded._tag === "RoleChanged") {
      Queue.offerUnsafe(changed, { role: decoded, againAt: (yield* Clock.currentTimeMillis) + ROLE_LAG_MILLIS })
    }
    const { awaited, beforehand, urgency } = yield* wokenBy(decoded, clusterArns)
    for (const key of beforehand) work.add(key)
    let open = awaited.length
    if (open === 0) return isHandled()
    for (const key of awaited) {
      work.add(key, () => {
        open -= 1
        if (open === 0) isHandled()
      }, urgency)
    }
  })

  /** What can't be taken now stays in the queue and is delivered again; the others don't wait for it. */
  const takeAlone = (message: QueuedMessage, done: () => void) =>
    take(message, done).pipe(
      Effect.tapCause(() => Effect.sync(done)),
      Effect.provide(services),
      Effect.catchTag("StoreUnavailable", (failure) =>
        Effect.logWarning("An event can't be taken now and will come again").pipe(
          Effect.annotateLogs({ reason: failure.message })
        )),
      Effect.catchDefect((defect) => Effect.logError("An event could not be taken", defect))
    )

  const removeSome = (receipts: ReadonlyArray<string>) =>
    sqs.remove(queueUrl, receipts).pipe(
      Effect.catchTag("AwsCallFailed", (failure) =>
        Effect.logWarning("Handled events can't be deleted and will come again").pipe(
          Effect.annotateLogs({ reason: failure.message })
        ))
    )

  const remove = Effect.gen(function*() {
    const first = yield* Queue.take(handled)
    yield* Effect.sleep(GATHER)
    const receipts = Arr.chunksOf([first, ...yield* Queue.clear(handled)], DELETE_AT_ONCE)
    yield* Effect.forEach(receipts, removeSome, { concurrency: DELETING, discard: true })
  }).pipe(goOn("Deleting handled events"))

  const lookAgain = Effect.gen(function*() {
    const { againAt, role } = yield* Queue.take(changed)
    yield* Effect.sleep(Math.max(0, againAt - (yield* Clock.currentTimeMillis)))
    const now = yield* Clock.currentTimeMillis
    const others = yield* Queue.clear(changed)
    yield* Queue.offerAll(changed, others.filter((one) => one.againAt > now))
    const due = others.filter((one) => one.againAt <= now)
    const keys = yield* wokenByRoles([role, ...due.map((one) => one.role)])
    for (const key of keys) work.add(key)
  }).pipe(
    Effect.catchTag("StoreUnavailable", (failure) =>
      Effect.logWarning("The tasks of a changed role can't be looked at again before the next full look").pipe(
        Effect.annotateLogs({ reason: failure.message })
      )),
    goOn("Looking again at changed roles")
  )

  const receive = receiveAll({ queueUrl, mostOpen, take: takeAlone })
  return yield* Effect.all([receive, remove, lookAgain], { concurrency: "unbounded", discard: true })
})
