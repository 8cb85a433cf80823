/** Splits the command line into flags that the sidecar knows; every problem at once. */

/** Flags with a value, by the setting that each gives, in kuma-dp's words. */
export const VALUES: Readonly<Record<string, string>> = {
  "--cp-address": "KUMA_CONTROL_PLANE_URL",
  "--ca-cert-file": "KUMA_CONTROL_PLANE_CA_CERT_FILE",
  "--mesh": "KUMA_DATAPLANE_MESH",
  "--name": "KUMA_DATAPLANE_NAME",
  "--proxy-type": "KUMA_DATAPLANE_PROXY_TYPE",
  "--drain-time": "KUMA_DATAPLANE_DRAIN_TIME",
  "--binary-path": "KUMA_DATAPLANE_RUNTIME_BINARY_PATH",
  "--work-dir": "KUMA_DATAPLANE_RUNTIME_WORK_DIR",
  "--dataplane-token": "KUMA_DATAPLANE_RUNTIME_TOKEN",
  "--dataplane-token-file": "KUMA_DATAPLANE_RUNTIME_TOKEN_PATH",
  "--dataplane": "KUMA_DATAPLANE_RUNTIME_RESOURCE",
  "--dataplane-file": "KUMA_DATAPLANE_RUNTIME_RESOURCE_PATH",
  "-d": "KUMA_DATAPLANE_RUNTIME_RESOURCE_PATH",
  "--concurrency": "KUMA_DATAPLANE_RUNTIME_CONCURRENCY",
  "--envoy-log-level": "KUMA_DATAPLANE_RUNTIME_ENVOY_LOG_LEVEL",
  "--envoy-component-log-level": "KUMA_DATAPLANE_RUNTIME_ENVOY_COMPONENT_LOG_LEVEL",
  "--auth-type": "ECS_MESH_AUTH_TYPE"
}

const SWITCHES: Readonly<Record<string, string>> = {
  "--bind-outbounds": "KUMA_DATAPLANE_RUNTIME_BIND_OUTBOUNDS",
  "--skip-verify": "KUMA_CONTROL_PLANE_TLS_SKIP_VERIFY"
}

const VARIABLE_FLAGS = new Set(["--dataplane-var", "-v"])

/** kuma-dp's flags for what the sidecar leaves to the operator: taken, and told to have no effect. */
const IGNORED = new Set(["--dns-enabled", "--transparent-proxy", "--log-level"])

export interface Arguments {
  /** By the name of the environment variable that each flag wins over. */
  readonly settings: Readonly<Record<string, string>>
  /** Of `--dataplane-var name=value`. */
  readonly variables: Readonly<Record<string, string>>
  readonly ignored: ReadonlyArray<string>
  readonly problems: ReadonlyArray<string>
}

export const parseArguments = (args: ReadonlyArray<string>): Arguments => {
  const settings: Record<string, string> = {}
  const variables: Record<string, string> = {}
  const ignored: Array<string> = []
  const problems: Array<string> = []
  // `kuma-dp run` is what existing task definitions say.
  const rest = args[0] === "run" ? args.slice(1) : [...args]
  while (true) {
    const argument = rest.shift()
    if (argument === undefined) return { settings, variables, ignored, problems }
    const equals = argument.indexOf("=")
    const flag = argument.startsWith("-") && equals > 0 ? argument.slice(0, equals) : argument
    const inline = flag === argument ? undefined : argument.slice(equals + 1)
    const switched = SWITCHES[flag]
    if (IGNORED.has(flag)) {
      ignored.push(flag)
    } else if (switched !== undefined) {
      settings[switched] = inline ?? "true"
    } else if (VALUES[flag] !== undefined || VARIABLE_FLAGS.has(flag)) {
      const value = inline ?? rest.shift()
      if (value === undefined) {
        problems.push(`${flag}: needs a value`)
        continue
      }
      const setting = VALUES[flag]
      if (setting !== undefined) settings[setting] = value
      else if (/^[^=]+=/.test(value)) variables[value.slice(0, value.indexOf("="))] = value.slice(value.indexOf("=") + 1)
      else problems.push(`${flag}: must be name=value, but is "${value}"`)
    } else {
      problems.push(`${flag}: is no flag of the sidecar; see --help`)
    }
  }
}
