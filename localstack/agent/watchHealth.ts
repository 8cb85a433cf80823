import type { HealthCheck } from "@aws-sdk/client-ecs"
import { setTimeout as delay } from "node:timers/promises"
import { startProcess } from "../process/startProcess.ts"
import type { Health } from "./Reports.ts"

/** Whether a health check passes; `command` as the definition has it, its first word included. */
export type Check = (command: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) => Promise<boolean>

export interface HealthOptions {
  readonly environment: Readonly<Record<string, string>>
  readonly cwd: string
  /** How long a second of the check's interval and start period lasts here; below 1000 the demo is quick to start. */
  readonly secondMillis: number
  /** In place of a process for each check: with many tasks, starting them would cost more than all else. */
  readonly check?: Check | undefined
  readonly onChange: (health: Health) => void
  readonly signal: AbortSignal
}

/** "CMD-SHELL" runs one string by the shell, "CMD" the arguments directly; without either, the shell too. */
const commandLine = ([kind, ...rest]: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (kind === "CMD") return rest
  return ["/bin/sh", "-c", kind === "CMD-SHELL" ? rest.join(" ") : [kind, ...rest].join(" ")]
}

const passes = async (check: HealthCheck, options: HealthOptions): Promise<boolean> => {
  const [command, ...args] = commandLine(check.command ?? [])
  if (command === undefined) return false
  try {
    if (options.check !== undefined) return await options.check(check.command ?? [], options.environment)
    const probe = await startProcess({ command, args, env: options.environment, cwd: options.cwd })
    const killing = setTimeout(() => probe.signal("SIGKILL"), (check.timeout ?? 5) * 1_000)
    const { code } = await probe.exited
    clearTimeout(killing)
    return code === 0
  } catch {
    return false
  }
}

/**
 * Runs a container's health check until `signal` aborts, and tells each change. As ECS documents it: interval 30 s,
 * timeout 5 s and 3 retries unless the definition says; failures within startPeriod don't count.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
 */
export const watchHealth = async (check: HealthCheck, options: HealthOptions): Promise<void> => {
  const began = Date.now()
  let health: Health = "UNKNOWN"
  let failures = 0
  const become = (next: Health): void => {
    if (next === health) return
    health = next
    options.onChange(next)
  }
  for (;;) {
    try {
      await delay((check.interval ?? 30) * options.secondMillis, undefined, { signal: options.signal })
    } catch {
      return
    }
    const passed = await passes(check, options)
    if (options.signal.aborted) return
    if (passed) {
      failures = 0
      become("HEALTHY")
    } else if (Date.now() - began >= (check.startPeriod ?? 0) * options.secondMillis) {
      failures++
      if (failures >= (check.retries ?? 3)) become("UNHEALTHY")
    }
  }
}
