/**
 * The Dataplane of a task, with no template of the user's or by it. Receives what was observed, produces the resource
 * and what it claims to be; decides nothing about who may join.
 */
import type { Inbound, Networking } from "../../model/Dataplane.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { MESH_TAG, SERVICE_TAG, type Tags, WORKLOAD_TAG, ZONE_TAG } from "../../model/Tags.ts"
import { validateSpec } from "../../model/validate/validateResource.ts"
import type { Derivation } from "../lifecycle/conditions.ts"
import type { ProxyKind } from "../lifecycle/decide.ts"
import type { Claim } from "../lifecycle/judge.ts"
import { resourceFromTemplate, violationTexts } from "../lifecycle/template.ts"
import { addressOf, type ObservedTask, sidecarOf, type TaskObservation } from "../lifecycle/TaskObservation.ts"
import type { Rival } from "./EndpointHolders.ts"
import { hasHealthChecks, isAnswering, isReady, readiness, withReadiness } from "./health.ts"
import { type DerivedInbound, inbounds } from "./inbounds.ts"
import { ADMIN_PORT, INBOUND_PORT, OUTBOUNDS, parsePort } from "../labels.ts"
import { machine } from "./machine.ts"
import { meshOf } from "./meshOf.ts"
import type { DataplaneObservation } from "./observe.ts"
import { outbounds, wantedOutbounds } from "./outbounds.ts"
import { boundBy, portsInTheWay } from "./portsInTheWay.ts"
import { serviceName } from "./serviceName.ts"
import { servicesOf } from "./servicesOf.ts"
import {
  LAST_RESORT_LABEL,
  LISTEN_LABEL_PREFIX,
  OUTBOUND_ADDRESS_LABEL,
  OUTBOUNDS_LABEL,
  TASK_LABEL
} from "../../model/dataplaneLabels.ts"

export interface DataplaneSettings {
  readonly zone: string
  readonly copyTags: ReadonlyArray<string>
  readonly outboundAddress: "loopback" | "task"
}

/** The tag of the availability zone: the name that locality-aware policies already use on Kubernetes. */
export const AVAILABILITY_ZONE_TAG = "topology.kubernetes.io/zone"

type DesiredDataplane = DesiredResource<"Dataplane">

const roleTags = ({ role }: TaskObservation): Tags =>
  role.status === "read" || role.status === "remembered" ? role.role.tags : {}

const inboundTags = (task: ObservedTask, { copyTags, zone }: DataplaneSettings): Tags => ({
  ...Object.fromEntries(copyTags.flatMap((key) => (task.tags[key] ? [[key, task.tags[key]]] : []))),
  ...(task.availabilityZone === null ? {} : { [AVAILABILITY_ZONE_TAG]: task.availabilityZone }),
  [ZONE_TAG]: zone
})

const labelsOf = (look: TaskObservation, mesh: string, allServices: boolean, settings: DataplaneSettings) => {
  const workload = roleTags(look)[WORKLOAD_TAG] ?? look.task?.tags[WORKLOAD_TAG]
  return {
    [MESH_TAG]: mesh,
    [ZONE_TAG]: settings.zone,
    "kuma.io/origin": "zone",
    "kuma.io/env": "universal",
    "kuma.io/proxy-type": "sidecar",
    ...(workload === undefined ? {} : { [WORKLOAD_TAG]: workload }),
    [TASK_LABEL]: look.taskId,
    [OUTBOUND_ADDRESS_LABEL]: settings.outboundAddress,
    ...(allServices ? { [OUTBOUNDS_LABEL]: "all" } : {})
  }
}

/** The container whose health a stored or templated inbound shows: the one that maps the app's port, if one does. */
const containerOf = (look: TaskObservation, inbound: Inbound): string | null =>
  look.definition?.containers.find((container) =>
    container.sidecar === null &&
    container.portMappings.some(({ containerPort }) => containerPort === inbound.servicePort)
  )?.name ?? null

const fromTemplate = (
  observation: DataplaneObservation,
  template: string,
  address: string,
  settings: DataplaneSettings
): Derivation<DesiredDataplane> => {
  const { look } = observation
  const sidecar = sidecarOf(look)?.sidecar
  if (!sidecar) return notYet
  const mesh = meshOf(sidecar)
  const derived = resourceFromTemplate("Dataplane", template, sidecar, { taskId: look.taskId, address, mesh })
  if (!derived.ok) return derived
  // The role is judged, the proxy observed and let in for this one mesh: nothing may be stored in another.
  if (derived.value.mesh !== mesh) {
    return {
      ok: false,
      reason: "TemplateMeshMismatch",
      message:
        `KUMA_DATAPLANE_RUNTIME_RESOURCE has the mesh ${derived.value.mesh}, and the sidecar joins ${mesh}: write ` +
        "the same mesh into both, or leave it out of one"
    }
  }
  const { networking } = derived.value.spec
  if (networking?.address !== address) {
    return {
      ok: false,
      reason: "TemplateInvalid",
      message:
        `KUMA_DATAPLANE_RUNTIME_RESOURCE has the address ${networking?.address}, and the task's is ${address}: ` +
        "write {{ address }} there and add --dataplane-var address=`hostname -i` to the sidecar's command"
    }
  }
  const zoned = <A extends { readonly tags?: Tags }>(end: A): A =>
    ({ ...end, tags: { ...end.tags, [ZONE_TAG]: settings.zone } })
  const { gateway, inbound } = networking
  const ends = {
    ...(gateway === undefined ? {} : { gateway: zoned(gateway) }),
    ...(inbound === undefined ? {} : { inbound: inbound.map(zoned) })
  }
  const spec = { ...derived.value.spec, networking: { ...networking, ...ends } }
  const allServices = networking.outbound === undefined
  const proxyType = gateway?.type === "BUILTIN" ? "gateway" : "sidecar"
  const labels = {
    ...derived.value.labels,
    ...labelsOf(look, mesh, allServices, settings),
    "kuma.io/proxy-type": proxyType
  }
  const notes = allServices
    ? portsInTheWay(spec.networking, observation.outboundPorts, outboundAddressOf(address, settings))
    : []
  return { ok: true, value: { ...derived.value, spec, labels }, notes: [...derived.notes, ...notes] }
}

const notYet: Derivation<never> = { ok: false, reason: "NotIdentified", message: "the task isn't identified yet" }

/**
 * Of two that stand at the same address and port the newer one is there: AWS gives it to nobody else before its last
 * holder has left it. It waits until the older one gets no traffic, so that never both get it.
 */
const isInTheWay = ({ newer, ready }: Rival): boolean => newer || ready

const rivalNotes = ({ rivals = [] }: DataplaneObservation): ReadonlyArray<string> =>
  rivals.filter(isInTheWay).map(({ endpoint, name, newer }) =>
    newer
      ? `it gets no traffic, as task ${name} was registered at ${endpoint} after it`
      : `it gets no traffic before task ${name}, which had ${endpoint} until now, gets none`
  )

const listenLabels = (derived: ReadonlyArray<DerivedInbound>): Readonly<Record<string, string>> =>
  Object.fromEntries(derived.flatMap(({ inbound, listenPort }) =>
    listenPort === null ? [] : [[`${LISTEN_LABEL_PREFIX}${inbound.port}`, String(listenPort)]]
  ))

/** The first `address:port` that two listeners, or a listener and the app, would bind. */
const portTakenTwice = (networking: typeof Networking.Type): string | undefined => {
  const bound = [
    ...boundBy(networking),
    ...(networking.outbound ?? []).map(({ address, port }) => `${address}:${port}`)
  ]
  return bound.find((one, index) => bound.indexOf(one) !== index)
}

const outboundAddressOf = (address: string, settings: DataplaneSettings): string =>
  settings.outboundAddress === "task" ? address : "127.0.0.1"

const adminOf = (look: TaskObservation) => {
  const labels = sidecarOf(look)?.labels ?? {}
  const port = parsePort(labels[ADMIN_PORT] ?? "")
  return port === null ? {} : { admin: { port } }
}

const fromDefinition = (
  observation: DataplaneObservation,
  task: ObservedTask,
  address: string,
  settings: DataplaneSettings
): Derivation<DesiredDataplane> => {
  const { look, outboundPorts } = observation
  const sidecar = sidecarOf(look)?.sidecar
  if (!sidecar || look.definition === null) return notYet
  const service = serviceName(task, look.definition, roleTags(look))
  const restricted = roleTags(look)[SERVICE_TAG] !== undefined
  const tags = inboundTags(task, settings)
  const wanted = wantedOutbounds(look)
  if (wanted !== null && !wanted.ok) return wanted
  const outboundAddress = outboundAddressOf(address, settings)
  const calls = wanted === null ? null : outbounds(wanted.value, outboundPorts, outboundAddress)
  const taken = outboundAddress === address ? (calls?.value ?? []).map(({ port }) => port) : []
  const called = inbounds({ task, definition: look.definition, address, service, restricted, taken, tags })
  if (!called.ok) return called
  const mesh = meshOf(sidecar)
  const networking = {
    address,
    ...adminOf(look),
    inbound: called.value.map(({ inbound }) => inbound),
    ...(calls === null ? {} : { outbound: calls.value })
  }
  const value: DesiredDataplane = {
    type: "Dataplane",
    mesh,
    name: look.taskId,
    labels: { ...labelsOf(look, mesh, wanted === null, settings), ...listenLabels(called.value) },
    spec: { networking }
  }
  const twice = portTakenTwice(networking)
  if (twice !== undefined) {
    return {
      ok: false,
      reason: "PortTakenTwice",
      message: `${twice} would be bound twice: change ${INBOUND_PORT} or ${OUTBOUNDS}`
    }
  }
  const violations = validateSpec(value)
  const callNotes = calls === null ? portsInTheWay(networking, outboundPorts, outboundAddress) : calls.notes
  return violations.length === 0
    ? { ok: true, value, notes: [...called.notes, ...callNotes] }
    : { ok: false, reason: "DataplaneInvalid", message: violationTexts(violations) }
}

/**
 * A replacement's readiness is learnt by looking, so the task that it replaces may be told to stop first. Until it has
 * stopped it can still serve, which is better than nobody.
 */
const lastResort = ({ labels, spec }: DesiredDataplane, look: TaskObservation): Readonly<Record<string, string>> => {
  const served = labels[LAST_RESORT_LABEL] === "true" ||
    (spec.networking?.inbound ?? []).some(({ state }) => state === "Ready")
  return look.task?.desiredStatus === "STOPPED" && served && isAnswering(look) ? { [LAST_RESORT_LABEL]: "true" } : {}
}

const refresh = (
  resource: DesiredDataplane,
  { connection, look, rivals = [] }: DataplaneObservation
): DesiredDataplane => {
  const { type, mesh, name, spec } = resource
  const { [LAST_RESORT_LABEL]: _, ...lasting } = resource.labels
  const labels = { ...lasting, ...(rivals.some(({ newer }) => newer) ? {} : lastResort(resource, look)) }
  const { networking } = spec
  if (networking?.inbound === undefined) return { type, mesh, name, labels, spec }
  const free = !rivals.some(isInTheWay)
  const inbound = networking.inbound.map((one) =>
    withReadiness(one, free && isReady(look, connection, containerOf(look, one)))
  )
  return { type, mesh, name, labels, spec: { ...spec, networking: { ...networking, inbound } } }
}

/**
 * Milliseconds between two looks at a task's health, which task state change events leave out
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html sends one to DescribeTasks for it).
 * Looks of many tasks share a call.
 */
const UNHEALTHY_INTERVAL = 1_000
const HEALTHY_INTERVAL = 5_000
const CONNECTION_INTERVAL = 30_000

const lookAgainAfter = ({ look, connection }: DataplaneObservation): number | null => {
  if (hasHealthChecks(look)) return isReady(look, connection, null) ? HEALTHY_INTERVAL : UNHEALTHY_INTERVAL
  return connection.acknowledged ? null : CONNECTION_INTERVAL
}

export const dataplaneKind = (settings: DataplaneSettings): ProxyKind<"Dataplane", DataplaneObservation> => ({
  type: "Dataplane",
  settings,
  machine,
  derive: (observation) => {
    const { task } = observation.look
    const address = addressOf(observation.look)
    if (task === null || address === null) return notYet
    const template = sidecarOf(observation.look)?.sidecar?.template ?? null
    const derived = template === null
      ? fromDefinition(observation, task, address, settings)
      : fromTemplate(observation, template, address, settings)
    return derived.ok ? { ...derived, notes: [...derived.notes, ...rivalNotes(observation)] } : derived
  },
  claim: ({ look, previous, stored }, derivation): Claim => {
    const sidecar = sidecarOf(look)?.sidecar
    const mesh = sidecar ? meshOf(sidecar) : previous?.spec.proxy?.mesh ?? ""
    // Where nothing new can be derived the stored one stands for it, and is judged by what the role says now.
    const resource = derivation.ok ? derivation.value : stored
    return resource === null
      ? { proxyType: "dataplane", mesh }
      : {
        proxyType: "dataplane",
        mesh,
        services: servicesOf(resource.spec),
        workload: resource.labels[WORKLOAD_TAG] ?? ""
      }
  },
  refresh,
  readiness: (observation) => {
    const [note] = rivalNotes(observation)
    return note ?? readiness(observation.look, observation.connection)
  },
  lookAgainAfter
})
