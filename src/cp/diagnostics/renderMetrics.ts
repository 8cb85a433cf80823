/** All metrics as Prometheus reads them, with what the process itself costs at this moment. */
import { type Context, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { buildInfo, count, cpuSeconds, residentMemory, startTime } from "./metrics.ts"

export interface Build {
  readonly version: string
  readonly instanceId: string
}

export const renderMetrics = (context: Context.Context<never>, build: Build): string => {
  const { system, user } = process.cpuUsage()
  const seconds = (user + system) / 1_000_000
  count(residentMemory, process.memoryUsage.rss(), context)
  count(startTime, Math.round(Date.now() / 1_000 - process.uptime()), context)
  // A counter only adds: what was used since it was last asked.
  count(cpuSeconds, Math.max(0, seconds - Metric.withAttributes(cpuSeconds, {}).valueUnsafe(context).count), context)
  count(buildInfo, 1, context, { version: build.version, replica: build.instanceId, node: process.version })
  return PrometheusMetrics.formatUnsafe(context)
}
