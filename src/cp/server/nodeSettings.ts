/** What a translation needs to know of the proxy's own host, from its node's metadata. Pure. */
import { LINE_KEY, NODE_ADDRESS, NODE_PROXY, NODE_SOURCE } from "../../model/nodeMetadata.ts"
import { BIND_OUTBOUNDS_FEATURE, CARRIES_LINES_FEATURE } from "../../model/proxyFeatures.ts"
import type { AdminAddress, SocketAddress, TranslateSettings } from "../xds/TranslateSettings.ts"

export type NodeMetadata = Readonly<Record<string, unknown>>

const text = (value: unknown): string | null => typeof value === "string" && value !== "" ? value : null

/** Ports are text there, as Kuma has them. */
const socket = (address: unknown, port: unknown): SocketAddress | null => {
  const number = typeof port === "string" || typeof port === "number" ? Number(port) : NaN
  return typeof address === "string" && address !== "" && Number.isInteger(number) && number > 0 && number <= 65_535
    ? { address, port: number }
    : null
}

const adminOf = (metadata: NodeMetadata): AdminAddress | null => {
  const admin = socket(metadata["dataplane.admin.address"], metadata["dataplane.admin.port"])
  const path = text(metadata["dataplane.admin.socketPath"])
  return admin === null || path === null ? admin : { ...admin, path }
}

/** What kuma-dp says of itself, and no other sidecar: it shares sockets with its Envoy. */
const SHARES_SOCKETS = "feature-tcp-accesslog-via-named-pipe"

const kumaDp = (metadata: NodeMetadata): Pick<TranslateSettings, "metricsCertificate" | "workdir"> => {
  const workdir = text(metadata["workdir"])
  const [certPath, keyPath] = [text(metadata["metricsCertPath"]), text(metadata["metricsKeyPath"])]
  return {
    ...(workdir === null || !features(metadata).includes(SHARES_SOCKETS) ? {} : { workdir }),
    ...(certPath === null || keyPath === null ? {} : { metricsCertificate: { certPath, keyPath } })
  }
}

/** Its Envoy has to know the word by which lines are told from others. */
const carriesLines = (metadata: NodeMetadata): boolean => {
  const known = metadata["dynamicMetadata"]
  return features(metadata).includes(CARRIES_LINES_FEATURE) && text(metadata[NODE_PROXY]) !== null &&
    typeof known === "object" && known !== null && LINE_KEY in known
}

const features = ({ features: given }: NodeMetadata): ReadonlyArray<unknown> => (Array.isArray(given) ? given : [])

export const nodeSettings = (
  metadata: NodeMetadata,
  base: Pick<TranslateSettings, "zone" | "accessLogPath" | "adminTls">
): TranslateSettings => ({
  ...base,
  admin: adminOf(metadata),
  readiness: socket(metadata["dataplane.admin.address"], metadata["dataplane.readinessReporter.port"]),
  ...(features(metadata).includes(BIND_OUTBOUNDS_FEATURE) ? { bindOutbounds: true } : {}),
  ...(text(metadata["systemCaPath"]) === null ? {} : { systemCaPath: text(metadata["systemCaPath"]) ?? "" }),
  ...kumaDp(metadata),
  ...(carriesLines(metadata) ? { carriesLines: true } : {}),
  node: {
    proxy: text(metadata[NODE_PROXY]),
    source: text(metadata[NODE_SOURCE]),
    address: text(metadata[NODE_ADDRESS])
  }
})
