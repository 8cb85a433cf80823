/**
 * The keys by which a control plane that asks an Envoy and that Envoy know each other. One CA of all replicas signed
 * both ends: the Envoys' certificate, which is the same for all of them and stays the same bytes, and the control
 * plane's own, which is made when it is needed.
 */
import { Context } from "effect"

/** PEM. */
export interface KeyPair {
  readonly certificatePem: string
  readonly keyPem: string
}

export interface AdminKeys {
  readonly ca: KeyPair
  /** What Envoys show. It opens nothing: whoever asks has to be `CLIENT`, by a client's certificate. */
  readonly server: KeyPair
}

/** Null where there are none: no proxy is asked, and none can be. */
export const AdminKeys = Context.Reference<AdminKeys | null>("ecs-mesh/cp/admin/AdminKeys", {
  defaultValue: () => null
})
