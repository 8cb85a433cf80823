/** Sends finished traces to an OpenTelemetry collector, and ends those of which nothing more comes. */
import { Context, Duration, Effect, Exit, Layer, Option } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { OtlpExporter, OtlpSerialization, OtlpTracer } from "effect/observability"
import type { Tracer } from "effect"
import type { TracingConfig } from "../config/TracingConfig.ts"
import { EventTraces, type FinishedTrace, type TracedSpan } from "./EventTraces.ts"
import { Traces } from "./Traces.ts"

export interface ExportOptions {
  readonly version: string
  readonly instanceId: string
  readonly zone: string
}

/** A collector that takes no more mustn't be waited for, nor be kept open for. */
const EXPORT_MILLIS = 10_000
const SWEEP_MILLIS = 1_000

const nanos = (millis: number): bigint => BigInt(Math.round(millis)) * 1_000_000n

/** `a=b,c=d`; values may be percent-encoded. https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
const headersOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(text.split(",").flatMap((pair) => {
    const at = pair.indexOf("=")
    return at <= 0 ? [] : [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())]]
  }))

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

const write = (tracer: Tracer.Tracer, span: TracedSpan, parent: Option.Option<Tracer.AnySpan>): Tracer.Span => {
  const { attributes, name, start } = span
  const written = tracer.span({
    name,
    parent,
    annotations: Context.empty(),
    links: [],
    startTime: nanos(start),
    kind: name === "event" ? "consumer" : name === "push" ? "producer" : "internal",
    root: Option.isNone(parent),
    sampled: true
  })
  for (const [key, value] of Object.entries(attributes)) written.attribute(key, value)
  return written
}

const end = (written: Tracer.Span, { end: at, isFailure, name }: TracedSpan): void =>
  written.end(nanos(at), isFailure ? Exit.die(new Error(`${name} was not taken`)) : Exit.void)

const writeTrace = (tracer: Tracer.Tracer, { root, spans }: FinishedTrace): void => {
  const event = write(tracer, root, Option.none())
  const written: Array<Tracer.Span> = []
  for (const span of spans) {
    const parent = span.parent === null ? event : written[span.parent] ?? event
    written.push(write(tracer, span, Option.some(parent)))
  }
  for (const [place, span] of spans.entries()) {
    const one = written[place]
    if (one !== undefined) end(one, span)
  }
  end(event, root)
}

const bounded = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, HttpClient.transformResponse((response) =>
    Effect.catchTag(
      Effect.timeout(response, Duration.millis(EXPORT_MILLIS)),
      "TimeoutError",
      // The exporter then leaves it alone for a minute.
      () => Effect.die(new Error(`the collector took more than ${EXPORT_MILLIS} ms`))
    )))
).pipe(Layer.provide(FetchHttpClient.layer))

const make = (config: TracingConfig, { instanceId, version, zone }: ExportOptions) =>
  Effect.gen(function*() {
    const tracer = yield* OtlpTracer.make({
      url: config.url,
      headers: headersOf(config.headersSecret),
      resource: {
        serviceName: "ecs-mesh",
        serviceVersion: version,
        attributes: { "service.instance.id": instanceId, "ecs_mesh.zone": zone }
      },
      exportInterval: "1 second"
    })
    const traces = new EventTraces({
      samples: () => config.ratio >= 1 || Math.random() < config.ratio,
      finished: (trace) => writeTrace(tracer, trace)
    })
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(() => traces.sweep(Date.now()), SWEEP_MILLIS).unref()),
      (sweeping) =>
        Effect.sync(() => {
          clearInterval(sweeping)
          traces.finish()
        })
    )
    yield* Effect.logInfo("Traces are sent").pipe(Effect.annotateLogs({ url: config.url, ratio: config.ratio }))
    return traces
  })

/** Nothing, and at no cost, where `config` is null. */
export const exportTraces = (config: TracingConfig | null, options: ExportOptions): Layer.Layer<never> =>
  config === null ? Layer.empty : Layer.effect(Traces, make(config, options)).pipe(
    Layer.provide(Layer.mergeAll(
      bounded,
      config.encoding === "json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf,
      OtlpExporter.layerFlusher
    ))
  )
