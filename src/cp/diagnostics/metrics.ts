/**
 * What the control plane counts. The registry and the text format are Effect's own; loops that can't wait
 * update through `count` with the context they were given at start.
 */
import { type Context, Metric } from "effect"

export const proxiesConnected = Metric.gauge("ecs_mesh_proxies_connected", {
  description: "Proxies with an open ADS stream to this replica"
})
export const pushes = Metric.counter("ecs_mesh_xds_pushes_total", {
  description: "Discovery responses written to proxies, by resource type",
  incremental: true
})
export const acknowledgements = Metric.counter("ecs_mesh_xds_acks_total", {
  description: "Discovery responses that proxies accepted, by resource type",
  incremental: true
})
export const rejections = Metric.counter("ecs_mesh_xds_nacks_total", {
  description: "Discovery responses that proxies refused, by resource type",
  incremental: true
})
export const pushLatency = Metric.histogram("ecs_mesh_xds_push_latency_seconds", {
  description: "From a change of a resource to the first response that carries it",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})
export const refusals = Metric.counter("ecs_mesh_proxies_refused_total", {
  description: "Proxies turned away at the bootstrap or ADS door, by reason",
  incremental: true
})
export const proxiesSlowed = Metric.counter("ecs_mesh_proxies_slowed_total", {
  description: "Times that a proxy's next request was read later, as it had asked for more than its share",
  incremental: true
})
export const connectionsRefused = Metric.counter("ecs_mesh_connections_refused_total", {
  description: "Connections that one of our HTTP servers had no room for, by server",
  incremental: true
})
export const translations = Metric.counter("ecs_mesh_translations_total", {
  description: "Translations of one proxy's whole configuration: how many follow a change tells what it touches",
  incremental: true
})
export const translationFailures = Metric.counter("ecs_mesh_translation_failures_total", {
  description: "Translations that failed; the proxy kept its last good configuration",
  incremental: true
})
export const certificatesIssued = Metric.counter("ecs_mesh_certificates_issued_total", {
  description: "Workload certificates handed to proxies for the first time",
  incremental: true
})
export const madsRequests = Metric.counter("ecs_mesh_mads_requests_total", {
  description: "Answers to those who ask which proxies to scrape, by HTTP status: 304 where nothing had changed",
  incremental: true
})
export const madsPolls = Metric.gauge("ecs_mesh_mads_polls_waiting", {
  description: "Requests that wait for a change of what is to be scraped"
})
export const storeSeconds = Metric.histogram("ecs_mesh_store_seconds", {
  description: "How long the store took to answer, by operation",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})
export const storeFailures = Metric.counter("ecs_mesh_store_failures_total", {
  description: "What the store could not be asked, by operation",
  incremental: true
})
export const apiRequests = Metric.counter("ecs_mesh_api_requests_total", {
  description: "Requests that the REST API answered, by method and HTTP status",
  incremental: true
})
export const apiSeconds = Metric.histogram("ecs_mesh_api_request_seconds", {
  description: "From a request's head to the end of its answer, by method",
  boundaries: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})
export const healthWrites = Metric.counter("ecs_mesh_health_writes_total", {
  description: "Dataplanes whose inbounds turned healthy or unhealthy by what their proxy reported",
  incremental: true
})
export const buildInfo = Metric.gauge("ecs_mesh_build_info", {
  description: "1, labelled with what is running"
})
export const residentMemory = Metric.gauge("process_resident_memory_bytes", {
  description: "Resident memory size in bytes"
})
export const cpuSeconds = Metric.counter("process_cpu_seconds_total", {
  description: "User and system CPU time spent in seconds",
  incremental: true
})
export const startTime = Metric.gauge("process_start_time_seconds", {
  description: "Start time of the process in seconds since 1970"
})

/** Adds to a metric outside of an Effect, at one series of it. Without attributes the series is known at once. */
export const count = <Input, State>(
  metric: Metric.Metric<Input, State>,
  input: Input,
  context: Context.Context<never>,
  attributes: Readonly<Record<string, string>> | null = null
): void => (attributes === null ? metric : Metric.withAttributes(metric, attributes)).updateUnsafe(input, context)
