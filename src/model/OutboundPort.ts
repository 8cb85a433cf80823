/**
 * The loopback port on which every workload of a mesh reaches one service (the resource's name),
 * where its Dataplane doesn't list outbounds of its own. Given once, never moved.
 */
import { Schema } from "effect"

export const OutboundPort = Schema.Struct({ port: Schema.Number })
export type OutboundPort = typeof OutboundPort.Type
