/** The certificate with which the control plane's own servers (5678, 5682) prove who they are. */
import { Context, Schema } from "effect"

/** The certificate or key can't be read, made or kept; the message says which file and what to do. */
export class ControlPlaneTlsError extends Schema.TaggedError<ControlPlaneTlsError>()("ControlPlaneTlsError", {
  message: Schema.String
}) {}

export class ControlPlaneTls extends Context.Service<
  ControlPlaneTls,
  {
    /** Leaf first. */
    readonly certificatePem: string
    readonly privateKeyPem: string
    /** What proxies verify the leaf with. */
    readonly caPem: string
  }
>()("ecs-mesh/cp/tls/ControlPlaneTls") {}
