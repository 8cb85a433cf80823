/** A MeshMetric: what it is about, ports that are ports, and each address served once. */
import { type MeshMetric, type MetricConf, prometheusBackends } from "../MeshMetric.ts"
import type { Violation } from "../Violation.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const KINDS = ["Mesh", "MeshSubset", "MeshService", "Dataplane", "MeshServiceSubset"]

type Backend = NonNullable<MetricConf["backends"]>[number]

const validatePort = (path: string, port: number): ReadonlyArray<Violation> =>
  violationIf(!Number.isInteger(port) || port < 1 || port > 65535, path, "port must be a valid (1-65535)")

/** A regular expression in RE2's syntax is mostly one in ours. */
const isRegex = (text: string): boolean => {
  try {
    return new RegExp(text).source !== ""
  } catch {
    return false
  }
}

const validateSidecar = ({ profiles = {} }: NonNullable<MetricConf["sidecar"]>, path: string) =>
  (["exclude", "include"] as const).flatMap((list) =>
    inEach(field(path, `profiles.${list}`), profiles[list], ({ match, type }, at) =>
      violationIf(type === "Regex" && !isRegex(match), field(at, "match"), "invalid regex")))

const validateBackend = ({ openTelemetry, prometheus, type }: Backend, path: string): ReadonlyArray<Violation> => {
  if (type === "OpenTelemetry") {
    return [{
      field: field(path, "openTelemetry"),
      message: openTelemetry === undefined
        ? "must be defined"
        : "is not supported yet: no metrics would be sent; use a backend of type Prometheus"
    }]
  }
  return prometheus === undefined
    ? [{ field: field(path, "prometheus"), message: "must be defined" }]
    : validatePort(field(path, "port"), prometheus.port)
}

/** One port can't be listened on twice, and one client can't be told two things. */
const validateTogether = (conf: MetricConf, path: string): ReadonlyArray<Violation> => {
  const backends = prometheusBackends(conf)
  const repeated = (of: (backend: typeof backends[number]) => unknown): boolean =>
    new Set(backends.map(of)).size < backends.length
  return [
    ...violationIf(repeated(({ port }) => port), path, "must not have two backends of one port"),
    ...violationIf(repeated(({ clientId }) => clientId), path, "must not have two backends of one clientId")
  ]
}

/** Lists stand in the paths as Kuma writes them. */
const validateConf = (conf: MetricConf, path: string): ReadonlyArray<Violation> => [
  ...(conf.sidecar === undefined ? [] : validateSidecar(conf.sidecar, field(path, "sidecar"))),
  ...inEach(field(path, "applications.application"), conf.applications, ({ port }, at) => validatePort(at, port)),
  ...inEach(field(path, "backends.backend"), conf.backends, validateBackend),
  ...validateTogether(conf, field(path, "backends"))
]

export const validateMeshMetric = (spec: MeshMetric): ReadonlyArray<Violation> => [
  ...(spec.targetRef === undefined ? [] : validateTargetRef(spec.targetRef, "spec.targetRef", { kinds: KINDS })),
  ...(spec.default === undefined ? [] : validateConf(spec.default, "spec.default"))
]
