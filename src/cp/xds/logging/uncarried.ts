/** That lines were to go to another host, and nobody beside the proxy carries them. */
import type { Condition } from "../../../model/Condition.ts"

export const uncarried: Condition = {
  type: "CallsLogged",
  status: "False",
  reason: "CarrierMissing",
  message: "a MeshAccessLog's backend of type Tcp gets nothing of this proxy: its sidecar is too old, or its Envoy is " +
    "older than 1.34; update it, or use a backend of type OpenTelemetry"
}
