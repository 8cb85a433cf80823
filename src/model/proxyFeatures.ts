/** What a proxy says of itself in `features`, when it asks for its bootstrap and in its node's metadata. */

/** It runs with `--bind-outbounds`. */
export const BIND_OUTBOUNDS_FEATURE = "feature-bind-outbounds"

/** It asks for incremental ADS (`KUMA_DATAPLANE_RUNTIME_ENVOY_XDS_TRANSPORT_PROTOCOL_VARIANT=DELTA_GRPC`). */
export const DELTA_FEATURE = "feature-delta-grpc"

/** It has Envoy's traffic sent to it by the host's rules (`--transparent-proxy`). */
export const TRANSPARENT_PROXY_FEATURE = "feature-transparent-proxy-in-dataplane-metadata"

/** It carries lines that its Envoy writes to its output to other hosts. Ours alone. */
export const CARRIES_LINES_FEATURE = "ecs-mesh-carries-access-log-lines"
