// Stands in for the ECS agent and Fargate; never part of the product. It watches one cluster of an emulated ECS, runs
// each task's containers as local processes on the task's own loopback address (an image is only a name: entryPoint and
// command name a local executable), and reports what became of them. It decides nothing: which tasks run is ECS's say.
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  paginateListTasks,
  SubmitTaskStateChangeCommand,
  type Task,
  type TaskDefinition
} from "@aws-sdk/client-ecs"
import { STSClient } from "@aws-sdk/client-sts"
import { setTimeout as delay } from "node:timers/promises"
import { makeReports } from "./Reports.ts"
import { makeTaskCredentials } from "./TaskCredentials.ts"
import { startTaskEndpoint, type TaskEndpoint } from "./TaskEndpoint.ts"
import { taskIdOf, taskPlan, type TaskPlan } from "./TaskPlan.ts"
import { startTaskRun, type TaskRun } from "./TaskRun.ts"
import type { Check } from "./watchHealth.ts"

export interface EcsAgentOptions {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly cluster: string
  /** `<logFolder>/<task id>/<container>.log` */
  readonly logFolder: string
  /** Where the containers' processes run. */
  readonly cwd: string
  /** What every container gets, e.g. PATH; a definition's own environment wins. */
  readonly environment?: Readonly<Record<string, string>>
  /** How long a second of a health check's interval lasts, ms; default 1000. */
  readonly secondMillis?: number
  /** Answers the containers' health checks in place of a process for each. */
  readonly check?: Check
  readonly pollMillis?: number
  readonly onError?: (error: unknown) => void
}

/** ECS's limit of one DescribeTasks call. */
const describedAtOnce = 100

export class EcsAgent {
  readonly #options: EcsAgentOptions
  readonly #ecs: ECSClient
  readonly #sts: STSClient
  readonly #endpoint: TaskEndpoint
  readonly #runs = new Map<string, TaskRun>()
  readonly #endings = new WeakSet<TaskRun>()
  /** Tasks that have ended for ECS too; ECS goes on listing them. */
  readonly #gone = new Set<string>()
  readonly #definitions = new Map<string, TaskDefinition>()
  readonly #ending = new AbortController()
  #watching: Promise<void> = Promise.resolve()

  private constructor(options: EcsAgentOptions, endpoint: TaskEndpoint) {
    const { region, credentials } = options
    this.#options = options
    this.#endpoint = endpoint
    this.#ecs = new ECSClient({ endpoint: options.endpoint, region, credentials })
    this.#sts = new STSClient({ endpoint: options.endpoint, region, credentials })
  }

  static async start(options: EcsAgentOptions): Promise<EcsAgent> {
    const agent = new EcsAgent(options, await startTaskEndpoint())
    agent.#watching = agent.#watch()
    return agent
  }

  /** The tasks it has processes for. */
  tasks(): ReadonlyArray<TaskRun> {
    return [...this.#runs.values()]
  }

  /** Ends every process, each within `graceMillis` (default 3 s), and stops watching. */
  async stop(graceMillis = 3_000): Promise<void> {
    this.#ending.abort()
    await this.#watching
    await Promise.all(this.tasks().map((run) => run.stop(graceMillis)))
    await this.#endpoint.close()
    this.#ecs.destroy()
    this.#sts.destroy()
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await this.#look()
      } catch (error) {
        if (!signal.aborted) this.#options.onError?.(error)
      }
      await delay(this.#options.pollMillis ?? 150, undefined, { signal }).catch(() => undefined)
    }
  }

  async #look(): Promise<void> {
    const listed = [...await this.#list("RUNNING"), ...await this.#list("STOPPED")]
    const all = [...new Set(listed)].filter((arn) => !this.#gone.has(arn))
    for (let from = 0; from < all.length; from += describedAtOnce) {
      const { tasks = [] } = await this.#ecs.send(
        new DescribeTasksCommand({ cluster: this.#options.cluster, tasks: all.slice(from, from + describedAtOnce) })
      )
      for (const task of tasks) await this.#follow(task)
    }
  }

  async #list(desiredStatus: "RUNNING" | "STOPPED"): Promise<ReadonlyArray<string>> {
    const arns: Array<string> = []
    const pages = paginateListTasks({ client: this.#ecs }, { cluster: this.#options.cluster, desiredStatus })
    for await (const { taskArns = [] } of pages) arns.push(...taskArns)
    return arns
  }

  async #follow(task: Task): Promise<void> {
    const taskArn = task.taskArn ?? ""
    const run = this.#runs.get(taskArn)
    if (task.desiredStatus === "STOPPED") {
      if (run !== undefined) return this.#end(run)
      if (task.lastStatus === "STOPPED") this.#gone.add(taskArn)
      else await this.#disown(task)
    } else if (run === undefined && task.lastStatus === "PENDING") {
      const plan = taskPlan(task, await this.#definition(task.taskDefinitionArn ?? ""))
      if (plan !== undefined) this.#begin(plan)
    } else if (run === undefined && task.lastStatus === "RUNNING") {
      // Started by an agent that is no more: its processes ended with it.
      await this.#disown(task)
    }
  }

  #begin(plan: TaskPlan): void {
    let run: TaskRun | undefined
    const served = this.#endpoint.serve(plan.taskId, makeTaskCredentials(this.#sts, plan), () => run)
    run = startTaskRun({
      plan,
      reports: makeReports(this.#ecs, plan, (error) => this.#options.onError?.(error)),
      cwd: this.#options.cwd,
      logFolder: this.#options.logFolder,
      secondMillis: this.#options.secondMillis ?? 1_000,
      check: this.#options.check,
      environment: ({ name }) => ({
        ...this.#options.environment,
        AWS_EXECUTION_ENV: "AWS_ECS_FARGATE",
        AWS_REGION: this.#options.region,
        AWS_DEFAULT_REGION: this.#options.region,
        ECS_DEMO_TASK_ADDRESS: plan.address,
        ...served(name)
      })
    })
    this.#runs.set(plan.taskArn, run)
  }

  #end(run: TaskRun): void {
    if (this.#endings.has(run)) return
    this.#endings.add(run)
    void run.stop().finally(() => {
      this.#runs.delete(run.plan.taskArn)
      this.#endpoint.forget(run.plan.taskId)
    })
  }

  async #disown(task: Task): Promise<void> {
    await this.#ecs.send(
      new SubmitTaskStateChangeCommand({
        cluster: task.clusterArn,
        task: task.taskArn,
        status: "STOPPED",
        reason: `The agent has no processes of task ${taskIdOf(task.taskArn ?? "")}`
      })
    )
  }

  async #definition(arn: string): Promise<TaskDefinition> {
    const known = this.#definitions.get(arn)
    if (known !== undefined) return known
    const { taskDefinition } = await this.#ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: arn }))
    if (taskDefinition === undefined) throw new Error(`No task definition ${arn}`)
    this.#definitions.set(arn, taskDefinition)
    return taskDefinition
  }
}
