/**
 * Reads ECS. Lists are whole or they fail: nobody may take a part of a list for all of it. Looks at single tasks
 * share calls.
 */
import {
  DescribeClustersCommand,
  DescribeContainerInstancesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  type Task,
  type TaskDefinition
} from "@aws-sdk/client-ecs"
import { Array as Arr, Cache, Context, Effect, Exit, Layer } from "effect"
import { lastPart } from "../arn.ts"
import { hasEnded, type ObservedDefinition, type ObservedTask } from "../lifecycle/TaskObservation.ts"
import type { TaskKey } from "../TaskKey.ts"
import { AwsCallFailed } from "./AwsCallFailed.ts"
import { AwsClients } from "./AwsClients.ts"
import { callAws } from "./callAws.ts"
import { CallBudgets } from "./CallBudgets.ts"
import { CallLane } from "./CallLane.ts"
import { readDefinition, readTask } from "./readTask.ts"
import { makeTaskGathering, type TaskAnswer } from "./TaskGathering.ts"

/** The clusters to watch, as far as ECS has them. */
export interface Clusters {
  readonly arns: ReadonlyArray<string>
  /** As they were asked for. */
  readonly missing: ReadonlyArray<string>
}

/** A task and the definition that it was started from: null for one that has ended, as nothing follows from it then. */
export interface TaskReading {
  readonly task: ObservedTask
  readonly definition: ObservedDefinition | null
}

export class EcsReader extends Context.Service<
  EcsReader,
  {
    /** Looks at tasks and pages of lists that may be had a second, as far as is known now. */
    readonly callsASecond: () => number
    /** ARNs of every task of a cluster that ECS wants running, all pages. */
    readonly listTasks: (cluster: string) => Effect.Effect<ReadonlyArray<string>, AwsCallFailed>
    /** Null where ECS doesn't know the task (any more). */
    readonly readTask: (key: TaskKey) => Effect.Effect<TaskReading | null, AwsCallFailed>
    /** The task alone, its role only where it was overridden. Null where ECS doesn't know the task (any more). */
    readonly describeTask: (key: TaskKey) => Effect.Effect<ObservedTask | null, AwsCallFailed>
    /** Clusters by their names or ARNs, in the order asked. */
    readonly findClusters: (clusters: ReadonlyArray<string>) => Effect.Effect<Clusters, AwsCallFailed>
    /** The custom and built-in attributes of a container instance; fails where ECS doesn't describe it. */
    readonly instanceAttributes: (
      cluster: string,
      containerInstanceArn: string
    ) => Effect.Effect<Readonly<Record<string, string>>, AwsCallFailed>
  }
>()("ecs-mesh/controllers/aws/EcsReader") {
  static readonly layer: Layer.Layer<EcsReader, never, AwsClients | CallBudgets> = Layer.effect(
    EcsReader,
    Effect.gen(function*() {
      const { ecs } = yield* AwsClients
      const budgets = yield* CallBudgets

      const listTasks = Effect.fn("EcsReader.listTasks")(function*(cluster: string) {
        const arns: Array<string> = []
        let nextToken: string | undefined
        do {
          const page = yield* callAws({
            service: "ECS",
            operation: "ListTasks",
            budget: budgets.tasks,
            run: (abortSignal) =>
              ecs.send(new ListTasksCommand({ cluster, nextToken, maxResults: 100 }), { abortSignal })
          })
          arns.push(...(page.taskArns ?? []))
          // An empty page may still carry a token: only its absence ends the list.
          nextToken = page.nextToken
        } while (nextToken !== undefined && nextToken !== "")
        return arns
      })

      /** An id that comes back neither as a task nor as MISSING wasn't answered: that is a failure, not an absence. */
      const describe = (cluster: string, taskIds: ReadonlyArray<string>) =>
        callAws({
          service: "ECS",
          operation: "DescribeTasks",
          budget: budgets.tasks,
          paid: true,
          run: (abortSignal) =>
            ecs.send(new DescribeTasksCommand({ cluster, tasks: [...taskIds], include: ["TAGS"] }), { abortSignal })
        }).pipe(Effect.match({
          onFailure: (failure) => (): TaskAnswer => Exit.fail(failure),
          onSuccess: (answer) => {
            const found = new Map(
              (answer.tasks ?? []).map((task): [string, Task] => [lastPart(task.taskArn ?? ""), task])
            )
            const reasons = new Map(
              (answer.failures ?? []).map(({ arn = "", reason = "" }): [string, string] => [lastPart(arn), reason])
            )
            return (taskId: string): TaskAnswer => {
              const task = found.get(taskId)
              const reason = reasons.get(taskId)
              return task !== undefined || reason === "MISSING"
                ? Exit.succeed(task ?? null)
                : Exit.fail(
                  new AwsCallFailed({
                    service: "ECS",
                    operation: "DescribeTasks",
                    kind: "unavailable",
                    code: reason ?? "NoAnswer",
                    message: `ECS did not describe task ${taskId} of cluster ${cluster}: ${reason ?? "no answer"}`
                  })
                )
            }
          }
        }))

      const lookAt = yield* makeTaskGathering(describe, budgets.tasks)

      /** A revision never changes, so it is read once. */
      const definitions = yield* Cache.makeWith(
        (taskDefinition: string): Effect.Effect<TaskDefinition, AwsCallFailed> =>
          callAws({
            service: "ECS",
            operation: "DescribeTaskDefinition",
            budget: budgets.definitions,
            name: taskDefinition,
            run: (abortSignal) => ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }), { abortSignal })
          }).pipe(Effect.map((answer) => answer.taskDefinition ?? {})),
        { capacity: 1_000, timeToLive: (exit) => (Exit.isSuccess(exit) ? "1 day" : 0) }
      )

      const readOne = Effect.fnUntraced(function*(key: TaskKey) {
        const task = yield* lookAt(key)
        if (task === null) return null
        // A stopped task is shown for an hour or longer, and its definition may be deleted by then:
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-definition-state.html
        if (hasEnded(task.lastStatus ?? "")) return { task: readTask(task, undefined), definition: null }
        const arn = task.taskDefinitionArn ?? ""
        // Another task's look may have asked for it already, and be in no hurry.
        if ((yield* CallLane) === "urgent") budgets.definitions.hurry(arn)
        const definition = yield* Cache.get(definitions, arn)
        return { task: readTask(task, definition.taskRoleArn), definition: readDefinition(definition, task) }
      })

      const describeTask = Effect.fnUntraced(function*(key: TaskKey) {
        const task = yield* lookAt(key)
        return task === null ? null : readTask(task, undefined)
      })

      const findClusters = Effect.fn("EcsReader.findClusters")(function*(clusters: ReadonlyArray<string>) {
        const known = new Map<string, string>()
        for (const chunk of Arr.chunksOf(clusters, 100)) {
          const answer = yield* callAws({
            service: "ECS",
            operation: "DescribeClusters",
            run: (abortSignal) => ecs.send(new DescribeClustersCommand({ clusters: [...chunk] }), { abortSignal })
          })
          for (const { clusterName = "", clusterArn = "" } of answer.clusters ?? []) known.set(clusterName, clusterArn)
        }
        return {
          arns: clusters.flatMap((cluster) => known.get(lastPart(cluster)) ?? []),
          missing: clusters.filter((cluster) => !known.has(lastPart(cluster)))
        }
      })

      const instanceAttributes = Effect.fn("EcsReader.instanceAttributes")(function*(
        cluster: string,
        instance: string
      ) {
        const answer = yield* callAws({
          service: "ECS",
          operation: "DescribeContainerInstances",
          budget: budgets.tasks,
          run: (abortSignal) =>
            ecs.send(
              new DescribeContainerInstancesCommand({ cluster, containerInstances: [instance] }),
              { abortSignal }
            )
        })
        const found = answer.containerInstances?.[0]
        if (found === undefined) {
          const reason = answer.failures?.[0]?.reason
          return yield* new AwsCallFailed({
            service: "ECS",
            operation: "DescribeContainerInstances",
            kind: "unavailable",
            code: reason ?? "NoAnswer",
            message:
              `ECS did not describe container instance ${instance} of cluster ${cluster}: ${reason ?? "no answer"}`
          })
        }
        const { attributes = [] } = found
        return Object.fromEntries(attributes.map(({ name = "", value = "" }) => [name, value]))
      })

      return { callsASecond: budgets.tasks.rate, listTasks, readTask: readOne, describeTask, findClusters, instanceAttributes }
    })
  )
}
