/** The containers of a task definition -> what decisions need of them, and which is the mesh's sidecar. Pure. */
import type { ContainerDefinition as AwsContainer, ContainerOverride, KeyValuePair } from "@aws-sdk/client-ecs"
import type { ProxyType } from "../../model/ProxyType.ts"
import type { ContainerDefinition, SidecarDefinition } from "../lifecycle/TaskObservation.ts"

/** Whatever image and name a user gives it: only a sidecar is told where the control plane is. */
const SIDECAR_SETTING = "KUMA_CONTROL_PLANE_URL"
const SIDECAR_FLAG = /(^|\s)--cp-address[\s=]/
const SIDECAR_NAMES = ["ecs-mesh", "ecs-mesh-sidecar", "kuma-dp", "kuma-sidecar"]
const SIDECAR_IMAGES = ["ecs-mesh-sidecar", "kuma-dp"]
const SIDECAR_COMMAND = /(^|[\s/])(kuma-dp(\s|$)|ecs-mesh\s+sidecar(\s|$))/

/** `registry.example:5000/kong/kuma-dp:2.14@sha256:..` -> `kuma-dp`. */
const imageName = (image: string): string => {
  const path = image.split("@")[0] ?? ""
  return path.slice(path.lastIndexOf("/") + 1).split(":")[0] ?? ""
}

/** By what it is called or runs. */
const isCalledSidecar = (container: AwsContainer, command: string): boolean =>
  SIDECAR_FLAG.test(command) ||
  SIDECAR_NAMES.includes(container.name ?? "") ||
  SIDECAR_IMAGES.includes(imageName(container.image ?? "")) ||
  SIDECAR_COMMAND.test(command) ||
  (imageName(container.image ?? "") === "ecs-mesh" && /^sidecar(\s|$)/.test(command))

/** `--name value` and `--name=value`, each occurrence; a shell's quotes around a value are dropped. */
const flags = (command: string, name: string): ReadonlyArray<string> =>
  [...command.matchAll(new RegExp(`--${name}[\\s=]+("[^"]*"|'[^']*'|(?:\`[^\`]*\`|[^\\s\`])+)`, "g"))].map(
    (match) => (match[1] ?? "").replace(/^(["'])(.*)\1$/, "$2")
  )

const proxyTypeOf = (text: string | undefined): ProxyType =>
  text === "ingress" || text === "egress" ? text : "dataplane"

const readSidecar = (environment: ReadonlyMap<string, string>, command: string): SidecarDefinition => ({
  proxyType: proxyTypeOf(flags(command, "proxy-type")[0] ?? environment.get("KUMA_DATAPLANE_PROXY_TYPE")),
  mesh: flags(command, "mesh")[0] ?? environment.get("KUMA_DATAPLANE_MESH") ?? null,
  template: environment.get("KUMA_DATAPLANE_RUNTIME_RESOURCE") ?? null,
  templateVariables: Object.fromEntries(
    flags(command, "dataplane-var").flatMap((variable) => {
      const at = variable.indexOf("=")
      return at < 1 ? [] : [[variable.slice(0, at), variable.slice(at + 1)]]
    })
  )
})

interface Launched {
  readonly container: AwsContainer
  readonly command: string
  readonly environment: ReadonlyMap<string, string>
}

const launched = (container: AwsContainer, override: ContainerOverride | undefined): Launched => {
  const command = [...(container.entryPoint ?? []), ...(override?.command ?? container.command ?? [])]
    .join(" ")
    .replace(/^(\S*\/)?(ba)?sh -c /, "")
  const pairs: ReadonlyArray<KeyValuePair> = [...(container.environment ?? []), ...(override?.environment ?? [])]
  return { container, command, environment: new Map(pairs.map(({ name = "", value = "" }) => [name, value])) }
}

const isTold = ({ container, environment }: Launched): boolean =>
  environment.has(SIDECAR_SETTING) || (container.secrets ?? []).some(({ name }) => name === SIDECAR_SETTING)

const read = ({ command, container, environment }: Launched, isSidecar: boolean): ContainerDefinition => ({
  name: container.name ?? "",
  image: container.image ?? "",
  hasHealthCheck: container.healthCheck !== undefined,
  portMappings: (container.portMappings ?? []).flatMap(({ containerPort, protocol = "tcp", name, appProtocol }) =>
    containerPort === undefined || protocol !== "tcp"
      ? []
      : [{ containerPort, name: name ?? null, appProtocol: appProtocol ?? null }]
  ),
  labels: { ...container.dockerLabels },
  sidecar: isSidecar ? readSidecar(environment, command) : null
})

/**
 * All containers of a definition. Some share one environment among them all: the setting tells the sidecar only where
 * nothing is called one.
 */
export const readContainerDefinitions = (
  containers: ReadonlyArray<AwsContainer>,
  overrides: ReadonlyArray<ContainerOverride>
): ReadonlyArray<ContainerDefinition> => {
  const all = containers.map((container) => launched(container, overrides.find(({ name }) => name === container.name)))
  const called = all.filter(({ command, container }) => isCalledSidecar(container, command))
  const sidecars = new Set(called.length > 0 ? called : all.filter(isTold))
  return all.map((one) => read(one, sidecars.has(one)))
}
