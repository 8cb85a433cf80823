/** The user's certificate where one is configured, otherwise our own: what the control plane's servers are run with. */
import { Clock, Effect, Layer } from "effect"
import type { ControlPlaneConfig } from "../config/ControlPlaneConfig.ts"
import { configuredTls } from "./configuredTls.ts"
import { ControlPlaneTls, ControlPlaneTlsError } from "./ControlPlaneTls.ts"
import { generatedTls } from "./generatedTls.ts"
import { localNames } from "./localNames.ts"

export interface ControlPlaneTlsOptions {
  readonly tls: Omit<ControlPlaneConfig["tls"], "names">
  readonly workDir: string
  /** Names and addresses by which proxies dial us that this machine doesn't know of, a load balancer's for one. */
  readonly names?: ReadonlyArray<string>
}

const make = Effect.fn("ControlPlaneTls.make")(function*({ names, tls, workDir }: ControlPlaneTlsOptions) {
  const now = yield* Clock.currentTimeMillis
  return yield* Effect.tryPromise({
    try: async () => (await configuredTls(tls, now)) ?? (await generatedTls(workDir, localNames(names), now)),
    catch: (cause) => new ControlPlaneTlsError({ message: cause instanceof Error ? cause.message : String(cause) })
  })
})

export const ControlPlaneTlsLive = {
  layer: (options: ControlPlaneTlsOptions) => Layer.effect(ControlPlaneTls, make(options))
}
