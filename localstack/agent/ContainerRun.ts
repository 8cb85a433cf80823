import { join } from "node:path"
import { type RunningProcess, startProcess } from "../process/startProcess.ts"
import type { Health } from "./Reports.ts"
import type { ContainerPlan } from "./TaskPlan.ts"
import { type Check, watchHealth } from "./watchHealth.ts"

export interface ContainerOptions {
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string>>
  readonly cwd: string
  readonly logFolder: string
  readonly secondMillis: number
  readonly check?: Check | undefined
  readonly onHealth: (health: Health) => void
}

/** A container as a local process. `started`, `healthy` and `exited` resolve once, or never. */
export interface ContainerRun {
  readonly plan: ContainerPlan
  readonly start: (options: ContainerOptions) => Promise<void>
  readonly started: Promise<void>
  readonly healthy: Promise<void>
  /** The exit code as Docker gives it: 128 + the signal's number when a signal ended it. */
  readonly exited: Promise<number>
  readonly state: () => ContainerState
  /** SIGTERM, and SIGKILL after the stop timeout. A container that never started counts as ended. */
  readonly stop: (atMostMillis?: number) => Promise<void>
}

export interface ContainerState {
  readonly status: "PENDING" | "RUNNING" | "STOPPED"
  readonly health: Health
  readonly healthSince: Date
  readonly pid: number | undefined
  readonly exitCode: number | undefined
  readonly startedAt: Date | undefined
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }

/** `${NAME}` in a value stands for another variable: a definition can't know the address its task will get. */
const expand = (value: string, environment: Readonly<Record<string, string>>): string =>
  value.replace(/\$\{(\w+)\}/g, (whole, name: string) => environment[name] ?? whole)

export const makeContainerRun = (plan: ContainerPlan): ContainerRun => {
  const started = Promise.withResolvers<void>()
  const healthy = Promise.withResolvers<void>()
  const exited = Promise.withResolvers<number>()
  const health = new AbortController()
  let starting: Promise<RunningProcess> | undefined
  let stopped = false
  let state: ContainerState = {
    status: "PENDING",
    health: "UNKNOWN",
    healthSince: new Date(),
    pid: undefined,
    exitCode: undefined,
    startedAt: undefined
  }

  const end = (exitCode: number): void => {
    health.abort()
    state = { ...state, status: "STOPPED", exitCode }
    exited.resolve(exitCode)
  }

  const watch = (options: ContainerOptions, environment: Readonly<Record<string, string>>): void => {
    if (plan.healthCheck === undefined) return
    void watchHealth(plan.healthCheck, {
      environment,
      cwd: options.cwd,
      secondMillis: options.secondMillis,
      check: options.check,
      signal: health.signal,
      onChange: (next) => {
        state = { ...state, health: next, healthSince: new Date() }
        if (next === "HEALTHY") healthy.resolve()
        options.onHealth(next)
      }
    })
  }

  const start = async (options: ContainerOptions): Promise<void> => {
    if (stopped) return
    const expanded = Object.entries(plan.environment).map(([name, value]) => [name, expand(value, options.environment)])
    const environment: Record<string, string> = { ...options.environment, ...Object.fromEntries(expanded) }
    const [command, ...args] = plan.commandLine.map((word) => expand(word, environment))
    if (command === undefined) throw new Error(`Container ${plan.name} has neither entryPoint nor command`)
    starting = startProcess({
      command,
      args,
      env: environment,
      cwd: options.cwd,
      logFile: join(options.logFolder, `${plan.name}.log`)
    })
    const running = await starting
    state = { ...state, status: "RUNNING", pid: running.pid, startedAt: new Date() }
    void running.exited.then(({ code, signal }) => end(code ?? 128 + (signalNumbers[signal ?? ""] ?? 0)))
    started.resolve()
    watch(options, environment)
  }

  const stop = async (atMostMillis = Number.POSITIVE_INFINITY): Promise<void> => {
    stopped = true
    health.abort()
    const running = await starting?.catch(() => undefined)
    if (running === undefined) return end(state.exitCode ?? 0)
    await running.stop(Math.min(plan.stopTimeoutSeconds * 1_000, atMostMillis))
  }

  return {
    plan,
    start,
    started: started.promise,
    healthy: healthy.promise,
    exited: exited.promise,
    state: () => state,
    stop
  }
}
