/** How a cluster speaks HTTP to its endpoints. */
import type { Any } from "@bufbuild/protobuf/wkt"
import { HttpProtocolOptionsSchema } from "../../proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js"
import { duration } from "../duration.ts"
import { packAny } from "../packAny.ts"
import type { ClusterTimeouts } from "../policies/MeshTimeout.ts"
import { recently } from "../share/recently.ts"

export const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

type Options = { readonly [HTTP_OPTIONS]: Any }

interface HttpOptionsInput {
  readonly version: "http1" | "http2"
  readonly timeouts: Omit<ClusterTimeouts, "connection">
}

export const httpOptions = recently(1000, ({ timeouts, version }: HttpOptionsInput): Options => ({
  [HTTP_OPTIONS]: packAny(HttpProtocolOptionsSchema, {
    commonHttpProtocolOptions: {
      idleTimeout: duration(timeouts.idle),
      maxStreamDuration: duration(timeouts.maxStreamDuration),
      maxConnectionDuration: duration(timeouts.maxConnectionDuration)
    },
    upstreamProtocolOptions: {
      case: "explicitHttpConfig",
      value: {
        protocolConfig: version === "http2"
          ? { case: "http2ProtocolOptions", value: {} }
          : { case: "httpProtocolOptions", value: {} }
      }
    }
  })
}))
