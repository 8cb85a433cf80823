/** A Mesh's logging, tracing and metrics: where they go. */
import type { Mesh } from "../Mesh.ts"
import type { Violation } from "../Violation.ts"
import { type Backend, listOf, recordOf, textOf, validateBackends } from "./backends.ts"
import { validatePort } from "./validateAddress.ts"
import { field, violationIf } from "./violationPath.ts"

const named = ({ name }: Backend, path: string) => violationIf(name === "", field(path, "name"), "cannot be empty")

const unknownType = (path: string, available: ReadonlyArray<string>): ReadonlyArray<Violation> => [{
  field: field(path, "type"),
  message: `unknown backend type. Available backends: ${available.map((type) => `"${type}"`).join(", ")}`
}]

/** Either violation, the first that is broken: the second says nothing where the first does. */
const firstOf = (...violations: ReadonlyArray<ReadonlyArray<Violation>>): ReadonlyArray<Violation> =>
  violations.find((found) => found.length > 0) ?? []

const judgeLogging = (backend: Backend, path: string): ReadonlyArray<Violation> => {
  const at = (name: string) => field(path, `config.${name}`)
  const address = textOf(backend.conf["address"])
  switch (backend.type) {
    case "file":
      return [...named(backend, path), ...violationIf(!textOf(backend.conf["path"]), at("path"), "cannot be empty")]
    case "tcp":
      return [
        ...named(backend, path),
        ...firstOf(
          violationIf(address === "", at("address"), "cannot be empty"),
          violationIf(!/^(\[[^\]]+\]|[^:]+):[^:]+$/.test(address), at("address"), "has to be in format of HOST:PORT")
        )
      ]
    default:
      return [...named(backend, path), ...unknownType(path, ["tcp", "file"])]
  }
}

const API_VERSIONS = ["httpJsonV1", "httpJson", "httpProto"]

const judgeZipkin = (conf: Backend["conf"], path: string): ReadonlyArray<Violation> => {
  const [apiVersion, url] = [textOf(conf["apiVersion"]), textOf(conf["url"])]
  const at = field(path, "config.url")
  return [
    ...violationIf(apiVersion !== "" && !API_VERSIONS.includes(apiVersion), field(path, "config.apiVersion"),
      `has invalid value. Allowed values: ${API_VERSIONS.join(", ")}`),
    ...firstOf(
      violationIf(url === "", at, "cannot be empty"),
      violationIf(!/^([a-zA-Z][a-zA-Z0-9+.-]*:\/\/\S+|\/\S*)$/.test(url), at, "invalid URL"),
      violationIf(!/^[^/]*\/\/[^/?#]*:\d+([/?#]|$)/.test(url), at, "port has to be explicitly specified")
    )
  ]
}

const judgeDatadog = (conf: Backend["conf"], path: string): ReadonlyArray<Violation> => {
  const { port } = conf
  return [
    ...violationIf(!textOf(conf["address"]), field(path, "config.address"), "cannot be empty"),
    ...validatePort(field(path, "config.port"), typeof port === "number" ? port : undefined)
  ]
}

const judgeTracing = (backend: Backend, path: string): ReadonlyArray<Violation> => {
  const { conf, sampling = 0, type } = backend
  const inRange = typeof sampling === "number" && sampling >= 0 && sampling <= 100
  return [
    ...named(backend, path),
    ...violationIf(!inRange, field(path, "sampling"), "has to be in [0.0 - 100.0] range"),
    ...(type === "zipkin"
      ? judgeZipkin(conf, path)
      : type === "datadog" ? judgeDatadog(conf, path) : unknownType(path, ["zipkin", "datadog"]))
  ]
}

/** `skipMTLS` is the older way to say `tls.mode`; both may be there where they say the same. */
const contradicts = (conf: Backend["conf"]): boolean => {
  const { skipMTLS, tls } = conf
  if (skipMTLS === undefined || tls === undefined) return false
  const mode = textOf(recordOf(tls)["mode"]) || "activeMTLSBackend"
  return mode !== (skipMTLS === true ? "disabled" : "activeMTLSBackend")
}

/** Of the backend `prometheus`, on a Mesh or on a Dataplane. */
export const validatePrometheus = (conf: Backend["conf"], path: string): ReadonlyArray<Violation> => {
  const names = listOf(conf["aggregate"]).map(({ name }) => textOf(name))
  const { port } = conf
  return [
    ...firstOf(
      violationIf(contradicts(conf), path, "skipMTLS and tls configuration cannot be defined together"),
      names.flatMap((name, index) =>
        violationIf(names.indexOf(name) < index, field(path, `aggregate[${index}].name`),
          `duplicate entry: ${name}, values have to be unique`))
    ),
    // Kuma takes any; Envoy wouldn't listen there. Absent or 0 is Kuma's own.
    ...(port === undefined || port === 0 ? [] : validatePort(field(path, "port"), Number(port)))
  ]
}

const judgeMetrics = ({ conf, type }: Backend, path: string): ReadonlyArray<Violation> =>
  type === "prometheus" ? validatePrometheus(conf, field(path, "conf")) : unknownType(path, ["prometheus"])

export const validateObservability = ({ logging, metrics, tracing }: Mesh): ReadonlyArray<Violation> => [
  ...validateBackends(logging, {
    path: "logging", chooser: "defaultBackend", choice: "logging backend in mesh", judge: judgeLogging
  }),
  ...validateBackends(tracing, {
    path: "tracing", chooser: "defaultBackend", choice: "tracing backend in mesh", judge: judgeTracing
  }),
  ...validateBackends(metrics, {
    path: "metrics", chooser: "enabledBackend", choice: "backends in the mesh", judge: judgeMetrics
  })
]
