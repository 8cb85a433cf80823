import { describe, expect, it } from "vitest"
import { Environment } from "../../../src/cp/config/Environment.ts"
import { fromEnvironment } from "../../../src/cp/config/fromEnvironment.ts"
import { readLog } from "../../../src/cp/config/readLog.ts"
import { readTracing } from "../../../src/cp/config/readTracing.ts"
import { showConfig } from "../../../src/cp/config/showConfig.ts"

const read = (variables: Readonly<Record<string, string>>) => {
  const env = new Environment(variables)
  return { tracing: readTracing(env), problems: env.problems }
}

describe("tracing", () => {
  it.each([
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, "http://c:4318/v1/traces"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "https://c/otlp/" }, "https://c/otlp/v1/traces"],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c/mine", OTEL_EXPORTER_OTLP_ENDPOINT: "http://d" }, "http://c/mine"],
    [{ KUMA_TRACING_OPENTELEMETRY_ENDPOINT: "c:4318" }, "http://c:4318/v1/traces"],
    [{ KUMA_TRACING_OPENTELEMETRY_ENABLED: "true" }, "http://localhost:4318/v1/traces"],
    [{ KUMA_TRACING_OPENTELEMETRY_ENABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c" }, undefined],
    [{ OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c" }, undefined]
  ])("with %j goes to %s", (variables, url) => {
    const { problems, tracing } = read(variables)
    expect(tracing?.url).toBe(url)
    expect(problems).toEqual([])
  })

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://c" }],
    [{ KUMA_TRACING_OPENTELEMETRY_ENDPOINT: "c:4317" }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_TRACES_SAMPLER: "mine" }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_TRACES_SAMPLER_ARG: "2" }]
  ])("says what is wrong with %j", (variables) => {
    expect(read(variables).problems).toHaveLength(1)
  })

  it("draws as many as is asked for", () => {
    const ratio = (more: object) => read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", ...more }).tracing?.ratio
    expect(ratio({})).toBe(1)
    expect(ratio({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" })).toBe(0.25)
    expect(ratio({ OTEL_TRACES_SAMPLER: "always_off" })).toBe(0)
  })

  it("shows nobody the headers by which a collector knows us", () => {
    const result = fromEnvironment({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer abc"
    }, { aws: false })
    if (result._tag === "Problems") throw new Error(result.problems.join())
    expect(result.config.tracing?.headersSecret).toBe("authorization=Bearer abc")
    expect(JSON.stringify(showConfig(result.config))).not.toContain("abc")
  })
})

it("the log is written as is asked for", () => {
  expect(readLog(new Environment({}))).toEqual({ format: "logfmt", level: "Info" })
  expect(readLog(new Environment({ ECS_MESH_LOG_FORMAT: "json", ECS_MESH_LOG_LEVEL: "debug" })))
    .toEqual({ format: "json", level: "Debug" })
})
