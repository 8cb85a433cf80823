/** What an inbound speaks, and what a whole service can be said to speak. */
import type { Inbound } from "../../model/Dataplane.ts"
import { PROTOCOL_TAG } from "../../model/Tags.ts"

export type Protocol = "http" | "http2" | "grpc" | "kafka" | "tcp"

/** Each protocol with what it is at bottom, most specific first. */
const LAYERS: Readonly<Record<Protocol, ReadonlyArray<Protocol>>> = {
  grpc: ["grpc", "http2", "http", "tcp"],
  http2: ["http2", "http", "tcp"],
  http: ["http", "tcp"],
  kafka: ["kafka", "tcp"],
  tcp: ["tcp"]
}

const isProtocol = (text: string): text is Protocol => Object.hasOwn(LAYERS, text)

/** Anything unknown is carried as bytes. */
export const readProtocol = (text: string): Protocol => {
  const lower = text.toLowerCase()
  return isProtocol(lower) ? lower : "tcp"
}

/** The inbound's own field, else its tag. */
export const protocolOf = (inbound: Inbound): Protocol =>
  readProtocol(inbound.protocol || inbound.tags?.[PROTOCOL_TAG] || "tcp")

/** The most specific protocol that all of them can be treated as; tcp for none. */
export const commonProtocol = (protocols: Iterable<Protocol>): Protocol => {
  let common: ReadonlyArray<Protocol> | undefined
  for (const protocol of protocols) {
    const layers = LAYERS[protocol]
    common = common === undefined ? layers : common.filter((layer) => layers.includes(layer))
  }
  return common?.[0] ?? "tcp"
}

/** Whether Envoy handles requests, not just bytes. */
export const isHttp = (protocol: Protocol): boolean => LAYERS[protocol].includes("http")
