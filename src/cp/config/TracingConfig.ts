/** Where traces go, from an event to the last proxy that took what follows from it. */
export interface TracingConfig {
  /** OTLP over HTTP, the whole URL: `http://collector:4318/v1/traces`. */
  readonly url: string
  /** `name=value` pairs, separated by commas, that every request brings; the empty string: none. */
  readonly headersSecret: string
  readonly encoding: "protobuf" | "json"
  /** The part of events that is traced, from 0 to 1. */
  readonly ratio: number
}
