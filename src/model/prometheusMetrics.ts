/**
 * Where a Mesh has its proxies' metrics served, and what a Dataplane says to the contrary: Kuma's backend `prometheus`,
 * kept in both as it came. Pure.
 */
import type { Dataplane } from "./Dataplane.ts"
import type { Mesh } from "./Mesh.ts"
import { listOf, recordOf, textOf } from "./validate/backends.ts"

/** What a workload serves itself, and kuma-dp adds to the proxy's own. */
export interface AggregatedMetrics {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly path: string
}

export interface PrometheusMetrics {
  readonly port: number
  readonly path: string
  /** `Mesh`: by the mesh's own mTLS, where it has any; `Provided`: by a certificate on the proxy's host. */
  readonly tls: "Mesh" | "Provided" | "Off"
  /** What Envoy is asked for. */
  readonly envoy: { readonly filterRegex: string; readonly usedOnly: boolean }
  readonly aggregate: ReadonlyArray<AggregatedMetrics>
}

export const DEFAULT_METRICS_PORT = 5670
export const DEFAULT_METRICS_PATH = "/metrics"

type Conf = Readonly<Record<string, unknown>>

const portOf = (value: unknown): number => (typeof value === "number" ? value : 0)

/** What is empty says nothing, as protobuf has it. */
const over = (before: Conf, after: Conf): Conf => ({
  ...before,
  ...Object.fromEntries(Object.entries(after).filter(([, value]) => value !== "" && value !== 0 && value !== undefined))
})

/** Numbers are how protobuf may write its enums. */
const TLS_MODES: Readonly<Record<string, PrometheusMetrics["tls"]>> = {
  activeMTLSBackend: "Mesh", 0: "Mesh", providedTLS: "Provided", 1: "Provided", disabled: "Off", 2: "Off"
}

const tlsOf = ({ skipMTLS, tls }: Conf): PrometheusMetrics["tls"] => {
  // `skipMTLS` is the older way to say it.
  if (tls === undefined) return skipMTLS === true ? "Off" : "Mesh"
  return TLS_MODES[String(recordOf(tls)["mode"] ?? "activeMTLSBackend")] ?? "Mesh"
}

const aggregateOf = (confs: ReadonlyArray<Conf>): ReadonlyArray<AggregatedMetrics> => {
  const byName = new Map<string, Conf>()
  for (const conf of confs) for (const one of listOf(conf["aggregate"])) byName.set(textOf(one["name"]), one)
  return [...byName.values()].filter(({ enabled }) => enabled !== false).map(({ address, name, path, port }) => ({
    name: textOf(name),
    address: textOf(address),
    port: portOf(port),
    path: textOf(path) || DEFAULT_METRICS_PATH
  }))
}

const backendOf = ({ metrics }: Mesh): Conf | undefined => {
  const name = textOf(metrics?.["enabledBackend"])
  return name === ""
    ? undefined
    : listOf(metrics?.["backends"]).find((one) => textOf(one["name"]) === name && textOf(one["type"]) === "prometheus")
}

/** Null where the mesh's aren't served: a Dataplane only says how. */
export const prometheusMetrics = (mesh: Mesh, dataplane: Dataplane): PrometheusMetrics | null => {
  const backend = backendOf(mesh)
  if (backend === undefined) return null
  const ofMesh = recordOf(backend["conf"])
  const ofDataplane = textOf(dataplane.metrics?.["type"]) === "prometheus" ? recordOf(dataplane.metrics?.["conf"]) : {}
  const conf = over(ofMesh, ofDataplane)
  const envoy = over(recordOf(ofMesh["envoy"]), recordOf(ofDataplane["envoy"]))
  return {
    port: portOf(conf["port"]) || DEFAULT_METRICS_PORT,
    path: textOf(conf["path"]) || DEFAULT_METRICS_PATH,
    tls: tlsOf(conf),
    envoy: { filterRegex: textOf(envoy["filterRegex"]), usedOnly: envoy["usedOnly"] === true },
    aggregate: aggregateOf([ofMesh, ofDataplane])
  }
}
