/** Tracing's settings: OpenTelemetry's own names, and Kuma's. */
import type { Environment } from "./Environment.ts"
import type { TracingConfig } from "./TracingConfig.ts"

const KUMA = "KUMA_TRACING_OPENTELEMETRY_ENDPOINT"
const BASE = "OTEL_EXPORTER_OTLP_ENDPOINT"
const TRACES = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
const PROTOCOLS = ["http/protobuf", "http/json", "grpc"] as const
const DEFAULT_URL = "http://localhost:4318"
const PATH = "/v1/traces"

const urlOf = (env: Environment, name: string, text: string): URL | null => {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    env.problems.push(`${name}: must be a URL such as http://collector:4318, but is "${text}"`)
    return null
  }
  if (url.port === "4317") {
    env.problems.push(`${name}: names 4317, the port of OTLP over gRPC; traces are sent over HTTP, mostly to port 4318`)
  }
  return url
}

/**
 * A URL of traces alone is used as it is, to any other `v1/traces` is added.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
 */
const endpoint = (env: Environment): string | null => {
  const traces = env.optional(TRACES)
  const base = env.optional(BASE)
  const kuma = env.optional(KUMA)
  const isOn = env.flag("KUMA_TRACING_OPENTELEMETRY_ENABLED", traces !== null || base !== null || kuma !== null)
  const isDisabled = env.flag("OTEL_SDK_DISABLED", false)
  if (!isOn || isDisabled) return null
  if (traces !== null) return urlOf(env, TRACES, traces)?.href ?? null
  const [name, text] = base === null ? [KUMA, kuma ?? DEFAULT_URL] : [BASE, base]
  const url = urlOf(env, name, text)
  return url === null ? null : `${url.href.replace(/\/+$/, "")}${PATH}`
}

const readRatio = (env: Environment): number => {
  const sampler = env.oneOf("OTEL_TRACES_SAMPLER", [
    "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off",
    "parentbased_traceidratio"
  ], "always_on")
  const given = env.optional("OTEL_TRACES_SAMPLER_ARG")
  const ratio = given === null ? 1 : Number(given)
  if (!(ratio >= 0 && ratio <= 1)) env.problems.push(`OTEL_TRACES_SAMPLER_ARG: must be from 0 to 1, but is "${given}"`)
  return sampler.endsWith("off") ? 0 : sampler.endsWith("ratio") ? ratio : 1
}

/** Null: nothing is traced, which is so unless it is asked for. */
export const readTracing = (env: Environment): TracingConfig | null => {
  const url = endpoint(env)
  const protocol = env.oneOf("OTEL_EXPORTER_OTLP_PROTOCOL", PROTOCOLS, "http/protobuf")
  const headersSecret = env.text("OTEL_EXPORTER_OTLP_HEADERS", "")
  const ratio = readRatio(env)
  if (url === null) return null
  if (protocol === "grpc") {
    env.problems.push("OTEL_EXPORTER_OTLP_PROTOCOL: grpc isn't spoken here; leave it out, or set http/protobuf or http/json")
  }
  return { url, headersSecret, ratio, encoding: protocol === "http/json" ? "json" : "protobuf" }
}
