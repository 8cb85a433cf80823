/**
 * What a load balancer, a scraper and an operator ask: `/healthy`, `/ready`, `/metrics`. Listens before anything else
 * does; ready once every part that was expected has said so. Knows none of the parts.
 */
import { type Context as EffectContext, Context, Effect, Layer } from "effect"
import type { ServerResponse } from "node:http"
import type { Listen } from "../config/ControlPlaneConfig.ts"
import { DIAGNOSTICS } from "../config/listeners.ts"
import type { DoorLimits } from "../door/DoorLimits.ts"
import { openDoor } from "../door/openDoor.ts"
import { httpServer } from "../door/servers.ts"
import { renderMetrics } from "./renderMetrics.ts"

/** A load balancer, a scraper and an operator have a few each. */
const LIMITS: DoorLimits = {
  connections: 256,
  connectionsOfOne: 64,
  handshakeMillis: 5_000,
  headMillis: 5_000,
  requestMillis: 10_000,
  writeMillis: 10_000,
  idleMillis: 120_000
}

export interface DiagnosticsOptions {
  readonly listen: Listen
  /** Parts without which this control plane isn't ready: `resource cache`, `data plane server`. */
  readonly parts: ReadonlyArray<string>
  readonly version: string
  readonly instanceId: string
}

export class Diagnostics extends Context.Service<
  Diagnostics,
  {
    readonly port: number
    readonly ready: (part: string) => void
    /** `reason` is shown to whoever asks why. */
    readonly notReady: (part: string, reason: string) => void
  }
>()("ecs-mesh/cp/diagnostics/Diagnostics") {
  static readonly layer = (options: DiagnosticsOptions) =>
    Layer.effect(
      Diagnostics,
      Effect.gen(function*() {
        const context = yield* Effect.context<never>()
        const waiting = new Map(options.parts.map((part) => [part, "not started yet"]))
        const server = httpServer(LIMITS, (request, response) => {
          switch (request.url?.split("?")[0]) {
            case "/healthy":
              return send(response, 200, "OK\n")
            case "/ready":
              return waiting.size === 0
                ? send(response, 200, "OK\n")
                : send(response, 503, [...waiting].map(([part, reason]) => `${part}: ${reason}\n`).join(""))
            case "/metrics":
              return send(response, 200, renderMetrics(context, options))
            default:
              return send(response, 404, "404: Page Not Found\n")
          }
        })
        const names = { door: "diagnostics", variables: DIAGNOSTICS } as const
        const port = yield* openDoor(server, options.listen, names)
        // Last of all to go: until then it says that the rest is going.
        yield* Effect.addFinalizer(() => Effect.sync(() => void waiting.set("control plane", "stopping")))
        return Diagnostics.of({
          port,
          ready: (part) => void waiting.delete(part),
          notReady: (part, reason) => void waiting.set(part, reason)
        })
      })
    )

  /** Says that a part is ready once its service could be built. */
  static readonly readyWith = <I, S>(part: string, service: EffectContext.Key<I, S>) =>
    Layer.effectDiscard(
      Effect.gen(function*() {
        const diagnostics = yield* Diagnostics
        yield* service
        yield* Effect.acquireRelease(
          Effect.sync(() => diagnostics.ready(part)),
          () => Effect.sync(() => diagnostics.notReady(part, "stopping"))
        )
      })
    )
}

const send = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, {
    // https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
    "content-type": "text/plain; version=0.0.4; charset=utf-8",
    "content-length": String(Buffer.byteLength(body))
  })
  response.end(body)
}
