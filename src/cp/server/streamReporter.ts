/** Tells journal, insight, metrics and log what happens on one stream. */
import { type Context, Effect } from "effect"
import type { Journal } from "../../model/Journal.ts"
import type { ProxyClaim } from "../auth/Authenticator.ts"
import { acknowledgements, count, pushes, pushLatency, rejections } from "../diagnostics/metrics.ts"
import type { SessionRecorder } from "../insight/Insights.ts"
import type { StreamEvent } from "./AdsStream.ts"

export interface ReporterOptions {
  /** `Dataplane/<mesh>/<name>` */
  readonly key: string
  readonly claim: ProxyClaim
  readonly recorder: SessionRecorder
  readonly journal: Journal["Service"]
  readonly context: Context.Context<never>
  readonly log: (effect: Effect.Effect<void>) => void
}

export const streamReporter = (options: ReporterOptions) => (event: StreamEvent): void => {
  const { context, journal, key, recorder } = options
  const at = Date.now()
  if (event._tag === "Pushed") {
    const { outgoing: { removed, resources, typeUrl, version }, latencyMillis } = event
    const type = shortName(typeUrl)
    count(pushes, 1, context, { type })
    if (latencyMillis !== null) count(pushLatency, latencyMillis / 1_000, context)
    recorder.record({ _tag: "Pushed", typeUrl, at })
    journal.append({
      kind: "pushed",
      key,
      typeUrl,
      version,
      names: resources.map(({ name }) => name),
      ...(removed.length === 0 ? {} : { removed })
    })
    return
  }
  const { answered, typeUrl } = event
  if (answered._tag === "Stale") return
  const { version } = answered.sent
  if (answered._tag === "Acked") {
    count(acknowledgements, 1, context, { type: shortName(typeUrl) })
    recorder.record({ _tag: "Acked", typeUrl, at })
    journal.append({ kind: "acked", key, typeUrl, version })
    return
  }
  const { message } = answered
  count(rejections, 1, context, { type: shortName(typeUrl) })
  recorder.record({ _tag: "Nacked", typeUrl, message, at })
  journal.append({ kind: "nacked", key, typeUrl, version, message })
  options.log(
    Effect.logWarning("A proxy refused its configuration and keeps what it had").pipe(
      Effect.annotateLogs({ proxy: key, typeUrl, names: answered.sent.resources.map(({ name }) => name).join(", "), message })
    )
  )
}

/** `type.googleapis.com/envoy.config.cluster.v3.Cluster` is `Cluster`. */
const shortName = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf(".") + 1)
