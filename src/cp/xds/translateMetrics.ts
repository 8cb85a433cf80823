/**
 * What a proxy is to have so that its metrics can be scraped: by the MeshMetrics that are about it, else as its Mesh
 * says. Beside kuma-dp that serves them and adds its workload's; elsewhere Envoy's own are served.
 */
import type { Condition } from "../../model/Condition.ts"
import { type MetricConf, prometheusBackends } from "../../model/MeshMetric.ts"
import { identifyingService, metricLabels } from "../../model/metricLabels.ts"
import { prometheusMetrics } from "../../model/prometheusMetrics.ts"
import type { Resource } from "../../model/Resource.ts"
import { WORKLOAD_TAG, ZONE_TAG } from "../../model/Tags.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import { fixedCluster } from "./cluster/fixed.ts"
import { dynamicConfigSocket, metricsSocket } from "./kumaSockets.ts"
import { dynamicConfigListener } from "./listener/dynamicConfig.ts"
import { metricsListener, type MetricsListenerInput } from "./listener/metrics.ts"
import { METRICS, METRICS_SOURCE } from "./names.ts"
import { metricConf } from "./policies/MeshMetric.ts"
import type { Shared } from "./share/Shared.ts"
import { adminPlace, type Place, type TranslateSettings } from "./TranslateSettings.ts"
import type { XdsResource } from "./XdsResource.ts"

export interface MetricsInput {
  readonly view: MeshView
  readonly dataplane: Resource<"Dataplane">
  readonly settings: TranslateSettings
  /** Whether the mesh has mTLS. */
  readonly mtls: boolean
}

interface Translated {
  readonly resources: ReadonlyArray<XdsResource>
  readonly conditions: ReadonlyArray<Condition>
}

const NOTHING: Translated = { resources: [], conditions: [] }

const notExposed = (reason: string, message: string): Condition =>
  ({ type: "MetricsExposed", status: "False", reason, message })

/** `/stats/prometheus` of Envoy takes the same questions. */
const question = (filterRegex: string, usedOnly: boolean): string => {
  const parts = [...(filterRegex === "" ? [] : [`filter=${filterRegex}`]), ...(usedOnly ? ["usedonly"] : [])]
  return parts.length === 0 ? "" : `?${parts.join("&")}`
}

/** Kuma-dp on its socket; where there is none, Envoy itself; null where neither can be asked. */
const sourceOf = ({ dataplane, settings }: MetricsInput): Place | null =>
  settings.workdir === undefined
    ? adminPlace(settings)
    : { path: metricsSocket(settings.workdir, dataplane.mesh, dataplane.name) }

interface Exposed {
  readonly listener: string
  readonly cluster: string
  readonly port: number
  readonly path: string
  readonly rewrite: string
  readonly tls: "Mesh" | "Provided" | "Off"
}

const isTaken = ({ dataplane: { spec: { networking } } }: MetricsInput, address: string, port: number): boolean =>
  networking?.admin?.port === port ||
  [...networking?.inbound ?? [], ...networking?.outbound ?? []].some((one) =>
    one.port === port && ["0.0.0.0", "::", address].includes(one.address || address))

const listenerInput = (input: MetricsInput, exposed: Exposed): MetricsListenerInput | Condition => {
  const { dataplane, mtls, settings } = input
  const address = dataplane.spec.networking?.address ?? ""
  const { cluster, listener: name, path, port, rewrite } = exposed
  if (isTaken(input, address, port)) {
    return notExposed("PortTaken", `metrics can't be served on ${address}:${port}: the proxy listens there already`)
  }
  const common = { name, cluster, address, port, path, rewrite }
  switch (exposed.tls) {
    case "Off":
      return { ...common, tls: null }
    case "Mesh":
      return { ...common, tls: mtls ? { mesh: dataplane.mesh } : null }
    case "Provided":
      // In the clear would be less than was asked for.
      return settings.metricsCertificate === undefined
        ? notExposed("CertificateMissing", "metrics are to be served by a certificate of the proxy's own: start kuma-dp " +
          "with KUMA_DATAPLANE_RUNTIME_METRICS_CERT_PATH and KUMA_DATAPLANE_RUNTIME_METRICS_KEY_PATH")
        : { ...common, tls: settings.metricsCertificate }
  }
}

const expose = (
  input: MetricsInput,
  all: ReadonlyArray<Exposed>,
  shared: Shared<XdsResource>
): Translated => {
  const place = sourceOf(input)
  if (place === null) {
    return {
      resources: [],
      conditions: [notExposed("AdminUnknown", "metrics can't be served: the proxy doesn't say where its Envoy's admin is")]
    }
  }
  const made = all.map((exposed) => listenerInput(input, exposed))
  const listeners = made.filter((one): one is MetricsListenerInput => !("reason" in one))
  const clusters = new Set(listeners.map(({ cluster }) => cluster))
  return {
    resources: [
      ...[...clusters].map((name) => shared.of(fixedCluster, { name, place })),
      ...listeners.map((one) => shared.of(metricsListener, one))
    ],
    conditions: made.filter((one): one is Condition => "reason" in one)
  }
}

const TLS_MODES = { Disabled: "Off", ProvidedTLS: "Provided", ActiveMTLSBackend: "Mesh" } as const

/** Kuma-dp puts these on the metrics that it serves. */
const extraLabels = ({ labels, mesh, name, spec }: Resource<"Dataplane">): Readonly<Record<string, string>> => {
  const [service, workload, zone] = [identifyingService(spec), labels[WORKLOAD_TAG], labels[ZONE_TAG]]
  return {
    ...metricLabels(spec),
    mesh,
    ...(zone ? { zone } : {}),
    "kuma.proxy_role": spec.networking?.gateway === undefined ? "sidecar" : "gateway",
    ...(workload ? { "kuma.workload": workload } : service === null ? {} : { service }),
    dataplane: name
  }
}

/** What kuma-dp reads at `/meshmetric`. */
const kumaDpConfig = (conf: MetricConf, dataplane: Resource<"Dataplane">): string =>
  JSON.stringify({
    observability: {
      metrics: {
        applications: (conf.applications ?? []).map(({ address = "", ...rest }) => ({ ...rest, address })),
        backends: prometheusBackends(conf).length === 0 ? [] : [{ type: "Prometheus" }],
        sidecar: conf.sidecar,
        extraLabels: extraLabels(dataplane)
      }
    }
  })

const KUMA_DP_PATH = "/meshmetric"

const byPolicies = (input: MetricsInput, conf: MetricConf, shared: Shared<XdsResource>): Translated => {
  const { dataplane, settings: { workdir } } = input
  const rewrite = workdir === undefined
    ? `/stats/prometheus${question("", conf.sidecar?.includeUnused !== true)}`
    : KUMA_DP_PATH
  const exposed = expose(input, prometheusBackends(conf).map(({ clientId, path, port, tls }) => ({
    listener: `_${METRICS}:${clientId ?? "default-backend"}`,
    cluster: `_${METRICS_SOURCE}`,
    port,
    path,
    rewrite,
    tls: TLS_MODES[tls?.mode ?? "Disabled"]
  })), shared)
  if (workdir !== undefined) {
    const told = { socket: dynamicConfigSocket(workdir), path: KUMA_DP_PATH, body: kumaDpConfig(conf, dataplane) }
    return { ...exposed, resources: [...exposed.resources, shared.of(dynamicConfigListener, told)] }
  }
  return (conf.applications ?? []).length === 0 && conf.sidecar?.profiles === undefined ? exposed : {
    ...exposed,
    conditions: [...exposed.conditions, notExposed("KumaDpNeeded",
      "a MeshMetric's applications and sidecar.profiles are kuma-dp's to serve: beside another sidecar all of Envoy's " +
        "metrics are served, and nothing else")]
  }
}

/** A MeshMetric goes before the Mesh's own metrics. */
export const translateMetrics = (input: MetricsInput, shared: Shared<XdsResource>): Translated => {
  const { dataplane, settings, view } = input
  const conf = metricConf(view.policies, dataplane)
  if (conf !== null) return byPolicies(input, conf, shared)
  const metrics = view.resource === null ? null : prometheusMetrics(view.resource.spec, dataplane.spec)
  if (metrics === null) return NOTHING
  const asked = question(metrics.envoy.filterRegex, metrics.envoy.usedOnly)
  return expose(input, [{
    listener: METRICS,
    cluster: METRICS_SOURCE,
    port: metrics.port,
    path: metrics.path,
    rewrite: `${settings.workdir === undefined ? "/stats/prometheus" : "/"}${asked}`,
    tls: metrics.tls
  }], shared)
}
