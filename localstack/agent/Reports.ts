import { type ECSClient, SubmitContainerStateChangeCommand, SubmitTaskStateChangeCommand } from "@aws-sdk/client-ecs"
import { setTimeout as delay } from "node:timers/promises"
import type { TaskPlan } from "./TaskPlan.ts"

export type Health = "UNKNOWN" | "HEALTHY" | "UNHEALTHY"

/** What the agent tells ECS of one task, in the order in which it happened. */
export interface Reports {
  readonly containerRunning: (name: string, runtimeId: string) => void
  readonly containerStopped: (name: string, exitCode: number, reason?: string) => void
  /**
   * The public API has no member for a container's health (the real agent sends it over a private connection), so it
   * travels as the reason of a container state change; localstack/ministack/task_life.py takes it out.
   */
  readonly containerHealth: (name: string, health: Health) => void
  readonly taskRunning: () => void
  readonly taskStopped: (reason?: string) => void
  /** Resolves when everything told so far has been accepted or given up. */
  readonly settled: () => Promise<void>
}

const attempts = 5

export const makeReports = (ecs: ECSClient, plan: TaskPlan, onError: (error: unknown) => void): Reports => {
  const task = { cluster: plan.clusterArn, task: plan.taskArn }
  let last: Promise<void> = Promise.resolve()

  const send = async (submit: () => Promise<unknown>): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        await submit()
        return
      } catch (error) {
        if (attempt === attempts) return onError(error)
        await delay(100 * attempt)
      }
    }
  }
  const inOrder = (submit: () => Promise<unknown>): void => {
    last = last.then(() => send(submit))
  }

  return {
    containerRunning: (containerName, runtimeId) =>
      inOrder(() =>
        ecs.send(new SubmitContainerStateChangeCommand({ ...task, containerName, runtimeId, status: "RUNNING" }))),
    containerStopped: (containerName, exitCode, reason) =>
      inOrder(() => {
        const stopped = { ...task, containerName, exitCode, reason, status: "STOPPED" }
        return ecs.send(new SubmitContainerStateChangeCommand(stopped))
      }),
    containerHealth: (containerName, health) =>
      inOrder(() =>
        ecs.send(new SubmitContainerStateChangeCommand({ ...task, containerName, reason: `health:${health}` }))),
    taskRunning: () => inOrder(() => ecs.send(new SubmitTaskStateChangeCommand({ ...task, status: "RUNNING" }))),
    taskStopped: (reason) =>
      inOrder(() => ecs.send(new SubmitTaskStateChangeCommand({ ...task, reason, status: "STOPPED" }))),
    settled: () => last
  }
}
