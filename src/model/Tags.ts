/** Tags of proxies and of AWS roles and tasks, and the names that the mesh gives a meaning. */
import { Schema } from "effect"

export const Tags = Schema.Record(Schema.String, Schema.String)
export type Tags = typeof Tags.Type

export const SERVICE_TAG = "kuma.io/service"
export const PROTOCOL_TAG = "kuma.io/protocol"
export const ZONE_TAG = "kuma.io/zone"
export const TYPE_TAG = "kuma.io/type"
export const MESH_TAG = "kuma.io/mesh"
export const WORKLOAD_TAG = "kuma.io/workload"

/** Kuma writes it as a label where a resource's name isn't the one that its author gave it. */
export const DISPLAY_NAME_LABEL = "kuma.io/display-name"
export const ORIGIN_LABEL = "kuma.io/origin"
export const ENV_LABEL = "kuma.io/env"
export const PROXY_TYPE_LABEL = "kuma.io/proxy-type"
