/** The token controller as configured, before an issuer; none where no prefix is set. Composition only. */
import { Layer } from "effect"
import type { EcsReader } from "../controllers/aws/EcsReader.ts"
import { TokenSecrets } from "../controllers/aws/TokenSecrets.ts"
import { TokenController } from "../controllers/token/TokenController.ts"
import type { TokenSecretsSettings } from "../cp/config/ControlPlaneConfig.ts"
import type { Journal } from "../model/Journal.ts"
import type { TokenIssuer } from "../model/TokenIssuer.ts"

export interface TokenPlace {
  readonly region: string
  /** Seconds between two full looks at all tasks. */
  readonly resyncSeconds: number
}

const MINUTE = 60_000

export const tokenKeeping = (
  { endpoint, ...settings }: TokenSecretsSettings,
  { region, resyncSeconds }: TokenPlace
): Layer.Layer<TokenController, never, EcsReader | Journal | TokenIssuer> =>
  TokenController.layer({
    ...settings,
    lookMillis: 5 * MINUTE,
    waitMillis: resyncSeconds * 1_000,
    // A living task is seen by each full look; one that three have missed is gone.
    forgetMillis: Math.max(10 * MINUTE, 3 * resyncSeconds * 1_000)
  }).pipe(Layer.provide(TokenSecrets.layer({ region, endpoint })))
