/** The sidecar's settings from flags and environment: all of them, or every problem at once with what to set. */
import { availableParallelism } from "node:os"
import { caAudience } from "../model/bindingValue.ts"
import { fillTemplate } from "./fillTemplate.ts"
import { parseArguments } from "./parseArguments.ts"
import { Settings } from "./Settings.ts"
import type { SidecarAuth, SidecarConfig } from "./SidecarConfig.ts"

export type ConfigResult =
  | { readonly config: SidecarConfig; readonly ignored: ReadonlyArray<string> }
  | { readonly problems: ReadonlyArray<string> }

/** Text of a file; throws as node:fs does. */
type ReadFile = (path: string) => string

const LOG_LEVELS = ["trace", "debug", "info", "warning", "warn", "error", "critical", "off"] as const

/** ECS sends SIGKILL when the container's stopTimeout is over; Envoy and this program need a moment to end before. */
const EXIT_MILLIS = 3_000

const readFileOf = (settings: Settings, name: string, readFile: ReadFile): string | null => {
  const path = settings.optional(name)
  if (path === null) return null
  try {
    return readFile(path)
  } catch (error) {
    settings.problems.push(`${name}: cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

const urlOf = (settings: Settings): URL => {
  const fallback = "https://localhost:5678"
  const text = settings.optional("KUMA_CONTROL_PLANE_URL")
  if (text === null) {
    settings.problems.push("KUMA_CONTROL_PLANE_URL: set it to the control plane's address, https://HOST:5678 (--cp-address)")
    return new URL(fallback)
  }
  const url = URL.canParse(text) ? new URL(text) : null
  // A token must never travel in the clear, so there is no plain http here.
  if (url !== null && url.protocol === "https:" && url.username === "" && url.pathname === "/") return url
  settings.problems.push(
    `KUMA_CONTROL_PLANE_URL: must be https://HOST:5678 (--cp-address), but is "${url === null ? text : url.origin}"`
  )
  return new URL(fallback)
}

const audienceOf = (settings: Settings, caCert: string | null): string => {
  const own = settings.optional("ECS_MESH_AUDIENCE")
  if (own !== null) return own
  if (caCert === null) {
    settings.problems.push(
      "KUMA_CONTROL_PLANE_CA_CERT: set it to the PEM of the control plane's CA (or KUMA_CONTROL_PLANE_CA_CERT_FILE to " +
        "its path): the sidecar verifies the control plane with it and binds its token to it"
    )
    return ""
  }
  try {
    return caAudience(caCert)
  } catch {
    settings.problems.push("KUMA_CONTROL_PLANE_CA_CERT: must be a PEM certificate (-----BEGIN CERTIFICATE-----)")
    return ""
  }
}

const authOf = (settings: Settings, caCert: string | null): SidecarAuth => {
  const token = settings.optional("KUMA_DATAPLANE_RUNTIME_TOKEN")
  const tokenPath = settings.optional("KUMA_DATAPLANE_RUNTIME_TOKEN_PATH")
  const onEcs =
    settings.optional("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") !== null ||
    settings.optional("AWS_CONTAINER_CREDENTIALS_FULL_URI") !== null
  // A token that somebody set is meant: ECS gives credentials to every task with a role, meant or not.
  const hasToken = token !== null || tokenPath !== null
  const type = settings.oneOf(
    "ECS_MESH_AUTH_TYPE",
    ["aws", "token", "none"],
    hasToken ? "token" : "aws"
  )
  if (type === "none") return { type }
  if (type === "token") {
    if (!hasToken) settings.problems.push("KUMA_DATAPLANE_RUNTIME_TOKEN: set it or KUMA_DATAPLANE_RUNTIME_TOKEN_PATH")
    return { type, token, tokenPath }
  }
  if (!onEcs) {
    settings.problems.push(
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: isn't there, so this is no ECS task with a role: set taskRoleArn in the " +
        "task definition (not only executionRoleArn); elsewhere give a dataplane token by KUMA_DATAPLANE_RUNTIME_TOKEN " +
        "or its file by --dataplane-token-file"
    )
  }
  const region = settings.optional("AWS_REGION") ?? settings.optional("AWS_DEFAULT_REGION")
  return { type, region, stsHost: settings.optional("ECS_MESH_STS_HOST"), audience: audienceOf(settings, caCert) }
}

/** A top-level scalar of a Dataplane's YAML or JSON; a whole YAML parser in every task isn't worth two words. */
const fieldOf = (resource: string, field: "name" | "mesh"): string | null =>
  new RegExp(`^(?:${field}|\\s*"${field}")\\s*:\\s*["']?([^"'\\s,#]+)`, "m").exec(resource)?.[1] ?? null

const resourceOf = (
  settings: Settings,
  variables: Readonly<Record<string, string>>,
  readFile: ReadFile
): string | null => {
  const template =
    settings.optional("KUMA_DATAPLANE_RUNTIME_RESOURCE") ??
    readFileOf(settings, "KUMA_DATAPLANE_RUNTIME_RESOURCE_PATH", readFile)
  if (template === null) return null
  const { text, missing } = fillTemplate(template, variables)
  for (const name of missing) {
    settings.problems.push(`KUMA_DATAPLANE_RUNTIME_RESOURCE: has {{ ${name} }}, so give --dataplane-var ${name}=VALUE`)
  }
  return text
}

export const readConfig = (
  env: Readonly<Record<string, string | undefined>>,
  args: ReadonlyArray<string>,
  readFile: ReadFile
): ConfigResult => {
  const given = parseArguments(args)
  const settings = new Settings({ ...env, ...given.settings })
  const url = urlOf(settings)
  const caCert =
    settings.optional("KUMA_CONTROL_PLANE_CA_CERT") ??
    readFileOf(settings, "KUMA_CONTROL_PLANE_CA_CERT_FILE", readFile)
  const tlsSkipVerify = settings.flag("KUMA_CONTROL_PLANE_TLS_SKIP_VERIFY")
  const auth = authOf(settings, caCert)
  const metadataUri = settings.optional("ECS_CONTAINER_METADATA_URI_V4")
  // On ECS the operator reads the template from the task definition itself.
  const resource = auth.type === "aws" ? null : resourceOf(settings, given.variables, readFile)
  const proxyType = settings.oneOf("KUMA_DATAPLANE_PROXY_TYPE", ["dataplane", "ingress", "egress"], "dataplane")
  const mesh = settings.optional("KUMA_DATAPLANE_MESH") ?? (resource === null ? null : fieldOf(resource, "mesh"))
  const name = settings.optional("KUMA_DATAPLANE_NAME") ?? (resource === null ? null : fieldOf(resource, "name"))
  if (name === null && auth.type !== "aws") {
    settings.problems.push("KUMA_DATAPLANE_NAME: set it to the proxy's name, or give its resource by --dataplane-file")
  } else if (name === null && metadataUri === null) {
    settings.problems.push(
      "ECS_CONTAINER_METADATA_URI_V4: isn't there, and by --auth-type=aws the proxy is named after its ECS task"
    )
  }
  const drainMillis = settings.duration("KUMA_DATAPLANE_DRAIN_TIME", 30_000)
  const stopMillis = settings.duration("ECS_MESH_STOP_TIMEOUT", 30_000)
  const config: SidecarConfig = {
    controlPlane: {
      url,
      caCert,
      tlsSkipVerify,
      retryBackoffMillis: settings.duration("KUMA_CONTROL_PLANE_RETRY_BACKOFF", 1_000),
      retryMaxMillis: settings.duration("KUMA_CONTROL_PLANE_RETRY_MAX_DURATION", 300_000)
    },
    auth,
    metadataUri,
    proxy: { proxyType, mesh: proxyType === "dataplane" ? (mesh ?? "default") : "", name },
    dataplaneResource: resource,
    bindOutbounds: settings.flag("KUMA_DATAPLANE_RUNTIME_BIND_OUTBOUNDS"),
    readiness: { address: settings.text("ECS_MESH_BIND_ADDRESS", "0.0.0.0"), port: settings.integer("KUMA_READINESS_PORT", 9902, 1, 65_535) },
    // Whoever reaches it may end Envoy and read its configuration.
    admin: {
      address: settings.text("ECS_MESH_ADMIN_ADDRESS", "127.0.0.1"),
      port: settings.integer("ECS_MESH_ADMIN_PORT", 9901, 1, 65_535)
    },
    workDir: settings.optional("KUMA_DATAPLANE_RUNTIME_WORK_DIR"),
    envoy: {
      binary: settings.text("KUMA_DATAPLANE_RUNTIME_BINARY_PATH", "envoy"),
      concurrency: settings.integer("KUMA_DATAPLANE_RUNTIME_CONCURRENCY", Math.min(2, availableParallelism()), 1, 256),
      logLevel: settings.oneOf("KUMA_DATAPLANE_RUNTIME_ENVOY_LOG_LEVEL", LOG_LEVELS, "warning"),
      componentLogLevel: settings.optional("KUMA_DATAPLANE_RUNTIME_ENVOY_COMPONENT_LOG_LEVEL")
    },
    drain: {
      maxMillis: Math.max(0, Math.min(drainMillis, stopMillis - EXIT_MILLIS)),
      quietMillis: settings.duration("ECS_MESH_DRAIN_QUIET_TIME", 5_000)
    }
  }
  const problems = [...given.problems, ...settings.problems]
  return problems.length > 0 ? { problems } : { config, ignored: given.ignored }
}
