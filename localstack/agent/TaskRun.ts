import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { type ContainerRun, makeContainerRun } from "./ContainerRun.ts"
import type { Reports } from "./Reports.ts"
import type { ContainerPlan, TaskPlan } from "./TaskPlan.ts"
import type { Check } from "./watchHealth.ts"

export interface TaskRunOptions {
  readonly plan: TaskPlan
  readonly reports: Reports
  /** What each container gets before its definition's own environment. */
  readonly environment: (container: ContainerPlan) => Readonly<Record<string, string>>
  readonly cwd: string
  readonly logFolder: string
  readonly secondMillis: number
  readonly check?: Check | undefined
}

/** The containers of one task, started and stopped in the order that dependsOn asks for. */
export interface TaskRun {
  readonly plan: TaskPlan
  readonly containers: ReadonlyArray<ContainerRun>
  readonly desiredStatus: () => "RUNNING" | "STOPPED"
  /** Ends every container, each after those that depend on it; resolves when all have ended and ECS knows. */
  readonly stop: (atMostMillis?: number) => Promise<void>
}

export const startTaskRun = (options: TaskRunOptions): TaskRun => {
  const { plan, reports } = options
  const containers = plan.containers.map(makeContainerRun)
  const named = new Map(containers.map((container) => [container.plan.name, container]))
  const logFolder = join(options.logFolder, plan.taskId)
  let desired: "RUNNING" | "STOPPED" = "RUNNING"
  let stopping: Promise<void> | undefined

  const until = async ({ containerName, condition }: ContainerPlan["dependsOn"][number]): Promise<void> => {
    const container = named.get(containerName)
    if (container === undefined) throw new Error(`dependsOn names no container of the task: ${containerName}`)
    if (condition === "START") return container.started
    if (condition === "HEALTHY") return container.healthy
    const code = await container.exited
    if (condition === "SUCCESS" && code !== 0) throw new Error(`${containerName} ended with ${code}`)
  }

  /**
   * "When a container dependency is defined for container startup, for container shutdown it is reversed."
   * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
   */
  const stopInOrder = async (atMostMillis: number | undefined): Promise<void> => {
    await Promise.all(containers.map(async (container) => {
      const dependents = containers.filter(({ plan: { dependsOn } }) =>
        dependsOn.some(({ containerName }) => containerName === container.plan.name))
      await Promise.all(dependents.map((dependent) => dependent.exited))
      await container.stop(atMostMillis)
    }))
    reports.taskStopped()
    await reports.settled()
  }

  const stop = (atMostMillis?: number): Promise<void> => {
    desired = "STOPPED"
    stopping ??= stopInOrder(atMostMillis)
    return stopping
  }

  const startContainer = async (container: ContainerRun): Promise<void> => {
    const { name, essential } = container.plan
    await Promise.all(container.plan.dependsOn.map(until))
    if (desired === "STOPPED") return
    await container.start({
      environment: options.environment(container.plan),
      cwd: options.cwd,
      logFolder,
      secondMillis: options.secondMillis,
      check: options.check,
      onHealth: (health) => reports.containerHealth(name, health)
    })
    reports.containerRunning(name, `${plan.taskId}-${container.state().pid}`)
    void container.exited.then((exitCode) => {
      reports.containerStopped(name, exitCode)
      if (essential) void stop()
    })
  }

  const startAll = async (): Promise<void> => {
    try {
      await mkdir(logFolder, { recursive: true })
      await Promise.all(containers.map(startContainer))
      if (desired === "RUNNING") reports.taskRunning()
    } catch (error) {
      const reason = `CannotStartContainerError: ${error instanceof Error ? error.message : String(error)}`
      reports.taskStopped(reason)
      await stop()
    }
  }
  void startAll()

  return { plan, containers, desiredStatus: () => desired, stop }
}
