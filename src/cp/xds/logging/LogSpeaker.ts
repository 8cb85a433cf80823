/**
 * Who a proxy is in the access logs that it writes, and who carries them where it can't. Where its Envoy knows a word
 * itself, that stands for it: so all proxies that log the same have the same listeners.
 */
import type { KumaWords } from "../../../model/logFormat.ts"
import { identifyingService } from "../../../model/metricLabels.ts"
import { LINE_KEY, NODE_ADDRESS, NODE_SOURCE } from "../../../model/nodeMetadata.ts"
import type { Resource } from "../../../model/Resource.ts"
import { WORKLOAD_TAG, ZONE_TAG } from "../../../model/Tags.ts"
import { accessLogSocket } from "../kumaSockets.ts"
import type { TranslateSettings } from "../TranslateSettings.ts"
import { nodeWord, ofNode } from "./nodeWord.ts"

/** Takes JSON objects with `address` and `message`, one a line, and sends the message to the address. */
export interface LineForwarder {
  /** Where Envoy writes them. */
  readonly path: string
  /** What else they have to say. */
  readonly with: Readonly<Record<string, string>>
}

export interface LogSpeaker {
  readonly mesh: string
  /** Service that its calls come from. */
  readonly service: string
  readonly address: string
  /** Whether the address is one of IPv6. */
  readonly isIpv6: boolean
  readonly zone: string
  /** Kuma's identifier of its workload. */
  readonly workload: string
  /** Null where nobody carries lines to another host. */
  readonly forwarder: LineForwarder | null
}

const UNKNOWN = "unknown"

const forwarderOf = ({ mesh, name }: Resource<"Dataplane">, settings: TranslateSettings): LineForwarder | null => {
  if (settings.workdir !== undefined) return { path: accessLogSocket(settings.workdir, mesh, name), with: {} }
  return settings.carriesLines === true
    ? { path: "/dev/stdout", with: { [LINE_KEY]: ofNode("dynamicMetadata", LINE_KEY) } }
    : null
}

export const logSpeaker = (dataplane: Resource<"Dataplane">, settings: TranslateSettings): LogSpeaker => {
  const { labels, mesh, spec } = dataplane
  const { node } = settings
  const address = spec.networking?.advertisedAddress || spec.networking?.address || ""
  const zone = labels[ZONE_TAG] ?? ""
  const workload = labels[WORKLOAD_TAG] ?? ""
  return {
    mesh,
    service: nodeWord(identifyingService(spec) ?? UNKNOWN, node?.source, NODE_SOURCE),
    address: nodeWord(address, node?.address, NODE_ADDRESS),
    isIpv6: address.includes(":"),
    zone,
    workload: workload === "" ? "" : `kri_wl_${mesh}_${zone}__${workload}_`,
    forwarder: forwarderOf(dataplane, settings)
  }
}

const common = ({ mesh, workload, zone }: LogSpeaker) => ({ MESH: mesh, WORKLOAD: workload, ZONE: zone })

/** Of its calls. A caller's port is any. */
export const callWords = (speaker: LogSpeaker, destination: string): KumaWords => ({
  ...common(speaker),
  SOURCE_ADDRESS: speaker.isIpv6 ? `[${speaker.address}]:0` : `${speaker.address}:0`,
  SOURCE_ADDRESS_WITHOUT_PORT: speaker.address,
  SOURCE_SERVICE: speaker.service,
  DESTINATION_SERVICE: destination,
  TRAFFIC_DIRECTION: "OUTBOUND"
})

/** Of who calls it: Envoy knows where from, and of a service no more than what a certificate says. */
export const inboundWords = (speaker: LogSpeaker, destination: string): KumaWords => ({
  ...common(speaker),
  SOURCE_ADDRESS: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
  SOURCE_ADDRESS_WITHOUT_PORT: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
  SOURCE_SERVICE: UNKNOWN,
  DESTINATION_SERVICE: destination,
  TRAFFIC_DIRECTION: "INBOUND"
})
