/**
 * The request that STS is asked: built anew from judged values, to our own endpoint, with our own headers.
 * Nothing of the token's text is passed on.
 */
import { BINDING_HEADER } from "../../../model/bindingValue.ts"
import type { SignedCall } from "./checkScope.ts"
import { PARAMETERS, uriEncode } from "./parsePresignedUrl.ts"

export interface StsRequest {
  /** `https://host` or `http://127.0.0.1:port`: where the connection goes. */
  readonly endpoint: string
  /** `/?` and the query. */
  readonly path: string
  readonly headers: {
    /** The host that was signed; not necessarily that of the endpoint. */
    readonly host: string
    readonly accept: "application/json"
    readonly [BINDING_HEADER]: string
  }
}

/** `endpoint` null: AWS's own for the host that was signed. `binding`: what this control plane expects to be signed. */
export const rebuildRequest = (call: SignedCall, endpoint: string | null, binding: string): StsRequest => ({
  endpoint: endpoint ?? `https://${call.host.host}`,
  path: `/?${PARAMETERS.map((name) => `${name}=${uriEncode(call.parameters[name])}`).join("&")}`,
  headers: { host: call.host.host, accept: "application/json", [BINDING_HEADER]: binding }
})
