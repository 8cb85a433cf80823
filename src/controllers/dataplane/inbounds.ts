/**
 * The ports under which a task is called, from the port mappings of its definition. App and Envoy share the task's
 * network, so Envoy takes another port than the app: docs/decisions/005-inbounds-and-outbounds.md. Pure.
 */
import type { Inbound } from "../../model/Dataplane.ts"
import { PROTOCOL_TAG, SERVICE_TAG, type Tags } from "../../model/Tags.ts"
import type { Derivation } from "../lifecycle/conditions.ts"
import type {
  ContainerDefinition,
  ObservedDefinition,
  ObservedTask,
  PortMapping
} from "../lifecycle/TaskObservation.ts"
import { INBOUND_PORT, OUTBOUNDS, parsePort, SERVICE_ADDRESS, SERVICE_PORT, words } from "../labels.ts"
import { portServiceName } from "./serviceName.ts"

/** Envoy's port for an app's port. */
export const INBOUND_OFFSET = 10_000

/** Kuma's port for a proxy that nobody calls (IANA: reserved). It carries the identity, no listener. */
export const NO_SERVICE_PORT = 49_151

export interface InboundsOf {
  readonly task: ObservedTask
  readonly definition: ObservedDefinition
  readonly address: string
  readonly service: string
  /** Set where the role names its service: then the task may stand for no other. */
  readonly restricted: boolean
  /** Ports of the task's address that its own outbounds use. */
  readonly taken: ReadonlyArray<number>
  readonly tags: Tags
}

export interface DerivedInbound {
  readonly inbound: Inbound
  /** Where Envoy binds another port than it is called on (bridge mode). */
  readonly listenPort: number | null
}

const failed = (reason: string, message: string): Derivation<never> => ({ ok: false, reason, message })

const setting = (task: ObservedTask, container: ContainerDefinition, name: string): string | undefined =>
  container.labels[name] ?? task.tags[name]

const protocolOf = (task: ObservedTask, container: ContainerDefinition, mapping: PortMapping): string =>
  setting(task, container, PROTOCOL_TAG) ?? mapping.appProtocol ?? "tcp"

/** The owner's choice of an inbound port for a container port. */
const chosenPort = (text: string | undefined, containerPort: number): number | null | undefined => {
  if (text === undefined) return undefined
  const own = words(text).map((word) => word.split(":"))
  const pair = own.find(([port, chosen]) => chosen !== undefined && Number(port) === containerPort)
  const single = own.length === 1 && own[0]?.length === 1 ? own[0][0] : undefined
  const chosen = pair?.[1] ?? single
  return chosen === undefined ? undefined : parsePort(chosen)
}

interface Port {
  readonly container: ContainerDefinition
  readonly mapping: PortMapping
}

const appPorts = ({ definition }: InboundsOf): ReadonlyArray<Port> =>
  definition.containers
    .filter((container) => container.sidecar === null)
    .flatMap((container) => container.portMappings.map((mapping) => ({ container, mapping })))

/** Kong's way: only the sidecar's container maps a port, which is Envoy's; a label says where the app listens. */
const sidecarPorts = (of: InboundsOf): Derivation<ReadonlyArray<DerivedInbound>> | null => {
  const sidecar = of.definition.containers.find((container) => container.sidecar !== null)
  const mapping = sidecar?.portMappings[0]
  if (sidecar === undefined || mapping === undefined) return null
  const servicePort = parsePort(setting(of.task, sidecar, SERVICE_PORT) ?? "")
  if (servicePort === null) {
    return failed(
      "ServicePortUnknown",
      `only the sidecar's container ${sidecar.name} maps a port (${mapping.containerPort}), so the app's port is ` +
        `unknown: map it in the app's container, or set the docker label or task tag ${SERVICE_PORT}`
    )
  }
  const inbound = {
    port: mapping.containerPort,
    servicePort,
    serviceAddress: setting(of.task, sidecar, SERVICE_ADDRESS) === "task" ? of.address : "127.0.0.1",
    tags: { ...of.tags, [SERVICE_TAG]: of.service, [PROTOCOL_TAG]: protocolOf(of.task, sidecar, mapping) }
  }
  return { ok: true, value: [{ inbound, listenPort: null }], notes: [] }
}

/** A task that only calls others still needs an identity. */
const identityOnly = (of: InboundsOf): Derivation<ReadonlyArray<DerivedInbound>> => ({
  ok: true,
  value: [{
    inbound: {
      port: NO_SERVICE_PORT,
      state: "Ignored",
      tags: { ...of.tags, [SERVICE_TAG]: of.service, [PROTOCOL_TAG]: "tcp" }
    },
    listenPort: null
  }],
  notes: ["no container maps a TCP port, so nobody can call this task"]
})

const nextFree = (port: number, taken: ReadonlyArray<number>): number =>
  taken.includes(port) ? nextFree(port + 1, taken) : port

/** The owner's choice, or what follows from the app's port. Null where the choice is none. */
const wantedPort = (of: InboundsOf, { container, mapping }: Port): number | null => {
  const chosen = chosenPort(setting(of.task, container, INBOUND_PORT), mapping.containerPort)
  return chosen === undefined ? mapping.containerPort + INBOUND_OFFSET : chosen
}

/** `others`: what the task's other inbounds want or have. */
const sharedNetwork = (
  of: InboundsOf,
  { container, mapping }: Port,
  service: string,
  others: ReadonlyArray<number>
): Derivation<DerivedInbound> => {
  const { containerPort } = mapping
  const wanted = wantedPort(of, { container, mapping })
  const isChosen = chosenPort(setting(of.task, container, INBOUND_PORT), containerPort) !== undefined
  const passed = wanted !== null && !isChosen && of.taken.includes(wanted)
  const port = passed ? nextFree(wanted, [...of.taken, ...others]) : wanted
  if (port === null || port > 65_535) {
    return failed(
      "InboundPortMissing",
      `container ${container.name} listens on ${containerPort}, and no free port follows from it: set the docker ` +
        `label ${INBOUND_PORT} to the port under which others call it (1..65535)`
    )
  }
  const serviceAddress = setting(of.task, container, SERVICE_ADDRESS) === "task" ? of.address : "127.0.0.1"
  const note = `others call port ${containerPort} of ${container.name} on ${port}, as ${wanted} of that address is ` +
    `taken by one of the task's own outbounds (${OUTBOUNDS})`
  return {
    ok: true,
    notes: passed ? [note] : [],
    value: {
      listenPort: null,
      inbound: {
        port,
        servicePort: containerPort,
        serviceAddress,
        ...(mapping.name === null ? {} : { name: mapping.name }),
        tags: { ...of.tags, [SERVICE_TAG]: service, [PROTOCOL_TAG]: protocolOf(of.task, container, mapping) }
      }
    }
  }
}

/** Every container has a network of its own: Envoy is called through the sidecar's mapping, the app through its own. */
const bridgeNetwork = (of: InboundsOf, port: Port, service: string, index: number): Derivation<DerivedInbound> => {
  const hostPort = (container: string, containerPort: number): number | undefined =>
    of.task.containers.find(({ name }) => name === container)?.networkBindings
      .find((binding) => binding.containerPort === containerPort)?.hostPort
  const sidecar = of.definition.containers.find((container) => container.sidecar !== null)
  const envoy = sidecar?.portMappings[index]
  const called = sidecar && envoy ? hostPort(sidecar.name, envoy.containerPort) : undefined
  const app = hostPort(port.container.name, port.mapping.containerPort)
  if (envoy === undefined || called === undefined || app === undefined) {
    return failed(
      "HostPortMissing",
      `in network mode bridge the sidecar's container needs a port mapping of its own for each port of the app ` +
        `(${port.container.name}:${port.mapping.containerPort} has none yet): add it, or use awsvpc or host`
    )
  }
  const tags = { ...of.tags, [SERVICE_TAG]: service, [PROTOCOL_TAG]: protocolOf(of.task, port.container, port.mapping) }
  return {
    ok: true,
    notes: [],
    value: {
      listenPort: envoy.containerPort,
      inbound: {
        ...(port.mapping.name === null ? {} : { name: port.mapping.name }),
        port: called,
        servicePort: app,
        serviceAddress: of.address,
        tags
      }
    }
  }
}

export const inbounds = (of: InboundsOf): Derivation<ReadonlyArray<DerivedInbound>> => {
  const ports = appPorts(of)
  if (ports.length === 0) return sidecarPorts(of) ?? identityOnly(of)
  const open = of.restricted ? ports.slice(0, 1) : ports
  const left = ports.slice(open.length)
  const wanted = open.flatMap((port) => wantedPort(of, port) ?? [])
  const value: Array<DerivedInbound> = []
  const notes: Array<string> = []
  for (const [index, port] of open.entries()) {
    const service = portServiceName(of.service, port.mapping, index)
    const derived = of.definition.networkMode === "bridge"
      ? bridgeNetwork(of, port, service, index)
      : sharedNetwork(of, port, service, [...wanted, ...value.map(({ inbound }) => inbound.port)])
    if (!derived.ok) return derived
    value.push(derived.value)
    notes.push(...derived.notes)
  }
  return { ok: true, value, notes: [...notes, ...left.map((port) => leftOut(port, of.service))] }
}

const leftOut = ({ container, mapping }: Port, service: string): string =>
  `port ${mapping.containerPort} of ${container.name} is not in the mesh, as the role's tag ${SERVICE_TAG} allows ` +
    `this task to stand for ${service} alone`
