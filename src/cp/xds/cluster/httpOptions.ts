/** How a cluster speaks HTTP to its endpoints. */
import type { Any } from "@bufbuild/protobuf/wkt"
import { HttpProtocolOptionsSchema } from "../../proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js"
import { duration } from "../duration.ts"
import { packAny } from "../packAny.ts"
import type { Timeouts } from "../policies/MeshTimeout.ts"

export const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

export const httpOptions = (version: "http1" | "http2", timeouts: Timeouts): { readonly [HTTP_OPTIONS]: Any } => ({
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
})
