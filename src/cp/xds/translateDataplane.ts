/** All that the Envoy beside a workload is to have. */
import type { Condition } from "../../model/Condition.ts"
import type { Inbound } from "../../model/Dataplane.ts"
import { enabledBackend } from "../../model/Mesh.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import type { Resource } from "../../model/Resource.ts"
import { LISTEN_LABEL_PREFIX } from "../../model/dataplaneLabels.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import { isHttp, protocolOf } from "../snapshot/Protocol.ts"
import { callerLog, type ProxyLog, proxyLog } from "./accessLog.ts"
import { collectorResource } from "./cluster/collector.ts"
import { localCluster } from "./cluster/local.ts"
import { adminResources } from "./listener/admin.ts"
import { inboundListener } from "./listener/inbound.ts"
import { collectorsOf } from "./logging/AccessLogger.ts"
import { inboundListenerName, localClusterName } from "./names.ts"
import { callPolicies } from "./policies/CallPolicies.ts"
import { inboundConfs } from "./policies/effects.ts"
import { callSpeaker, inboundLoggers } from "./policies/MeshAccessLog.ts"
import {
  callerTimeouts,
  clusterTimeouts,
  inboundTimeouts,
  listenerTimeouts,
  routeTimeouts
} from "./policies/MeshTimeout.ts"
import { permissionsOf } from "./policies/MeshTrafficPermission.ts"
import type { OutboundPart, ProxyTranslation } from "./ProxyTranslation.ts"
import { inboundRoute } from "./route/inbound.ts"
import type { SharedResources } from "./share/SharedResources.ts"
import { translateMetrics } from "./translateMetrics.ts"
import type { SocketAddress, TranslateSettings } from "./TranslateSettings.ts"
import type { XdsResource } from "./XdsResource.ts"

interface Context {
  readonly view: MeshView
  readonly dataplane: Resource<"Dataplane">
  readonly address: string
  readonly mtls: "STRICT" | "PERMISSIVE" | null
  readonly log: ProxyLog | null
  readonly settings: TranslateSettings
  readonly shared: SharedResources
}

const mtlsMode = (view: MeshView): Context["mtls"] => {
  const backend = view.resource === null ? undefined : enabledBackend(view.resource.spec)
  return backend === undefined ? null : backend.mode ?? "STRICT"
}

/** In network mode `bridge` the address and port of an inbound are the host's; the container binds others. */
const boundBehindDocker = ({ labels }: Resource<"Dataplane">, port: number): SocketAddress | null => {
  const bound = labels[`${LISTEN_LABEL_PREFIX}${port}`]
  return bound === undefined ? null : { address: "0.0.0.0", port: Number(bound) }
}

interface TranslatedInbound {
  readonly resources: ReadonlyArray<XdsResource>
  /** Clusters that its log goes to; others may go there as well. */
  readonly collectors: ReadonlyArray<XdsResource>
  readonly conditions: ReadonlyArray<Condition>
}

const translateInbound = (context: Context, inbound: Inbound): TranslatedInbound => {
  const { dataplane, log, mtls, settings, view, shared: { resources } } = context
  const address = inbound.address || context.address
  const servicePort = inbound.servicePort || inbound.port
  const service = inbound.tags?.[SERVICE_TAG] ?? dataplane.name
  const protocol = protocolOf(inbound)
  const cluster = localClusterName(servicePort)
  const timeouts = inboundTimeouts(view.policies, dataplane, inbound)
  const permissions = mtls === null ? null : permissionsOf(view.mesh, view.policies, dataplane, inbound)
  const name = inboundListenerName(address, inbound.port)
  const logged = { dataplane, inbound, destination: service, http: isHttp(protocol) }
  const { bySni, conditions, loggers } = inboundLoggers(view.policies, logged, settings)
  const made = [
    resources.of(localCluster, {
      workload: { address: inbound.serviceAddress || address, port: servicePort },
      protocol,
      timeouts: clusterTimeouts(timeouts),
      confs: inboundConfs(view.policies, dataplane, inbound)
    }),
    resources.of(inboundListener, {
      mesh: view.mesh,
      address,
      port: inbound.port,
      bind: boundBehindDocker(dataplane, inbound.port),
      service,
      tags: inbound.tags ?? {},
      protocol,
      cluster,
      timeouts: listenerTimeouts(timeouts),
      mtls: mtls === null ? null : { mode: mtls, permissions: isHttp(protocol) ? null : permissions },
      log,
      ...(loggers.length === 0 ? {} : { loggers }),
      ...(bySni ? { readsSni: true } : {})
    }),
    ...(isHttp(protocol) ? [resources.of(inboundRoute, {
      name,
      service,
      cluster,
      timeouts: routeTimeouts(timeouts),
      // Without mTLS nobody can be told apart.
      callers: mtls === null ? [] : callerTimeouts(view.policies, dataplane, inbound),
      permissions
    })] : [])
  ]
  const collectors = collectorsOf(loggers).map((collector) => resources.of(collectorResource, collector))
  return { resources: made, collectors, conditions }
}

/** What its calls are logged as coming from. */
const sourceOf = ({ name, spec: { networking } }: Resource<"Dataplane">): string =>
  networking?.inbound?.[0]?.tags?.[SERVICE_TAG] ?? networking?.gateway?.tags?.[SERVICE_TAG] ?? name

/** Where Debian, Ubuntu and Alpine have the CAs that they trust. */
const SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"

const builtinGateway: Condition = {
  type: "GatewayTranslated",
  status: "False",
  reason: "BuiltinGatewayUnsupported",
  message: "networking.gateway.type BUILTIN isn't supported yet: use DELEGATED with a gateway of your own"
}

/** Each once, but those that calls are logged to. */
const collectorsBeside = (inbounds: ReadonlyArray<TranslatedInbound>, calls: OutboundPart): ReadonlyArray<XdsResource> =>
  [...new Set(inbounds.flatMap((one) => one.collectors))].filter((one) => !calls.resources.includes(one))

/** Said once, whichever of its listeners it is about. */
const saidBeside = (inbounds: ReadonlyArray<TranslatedInbound>, calls: OutboundPart): ReadonlyArray<Condition> =>
  [...new Set(inbounds.flatMap((one) => one.conditions))].filter((one) => !calls.conditions.includes(one))

/** The same array where the other has nothing: most have none. */
const joined = (one: ReadonlyArray<Condition>, other: ReadonlyArray<Condition>): ReadonlyArray<Condition> =>
  other.length === 0 ? one : [...one, ...other]

export const translateDataplane = (
  view: MeshView,
  dataplane: Resource<"Dataplane">,
  settings: TranslateSettings,
  shared: SharedResources
): ProxyTranslation => {
  const networking = dataplane.spec.networking
  const address = networking?.address ?? "127.0.0.1"
  const mtls = mtlsMode(view)
  const log = proxyLog(settings, dataplane.name)
  const proxy: ProxyId = { proxyType: "dataplane", mesh: view.mesh, name: dataplane.name }
  const admin = adminResources({ proxy, address, port: networking?.admin?.port }, settings, shared.resources)
  const secretMeshes = mtls === null ? [] : [view.mesh]
  const metrics = translateMetrics({ view, dataplane, settings, mtls: mtls !== null }, shared.resources)
  if (networking?.gateway?.type === "BUILTIN") {
    return { resources: admin, uses: [], reads: [], secretMeshes, conditions: [builtinGateway], calls: null }
  }
  const inbounds = networking?.gateway === undefined
    ? (networking?.inbound ?? []).filter((inbound) => inbound.state !== "Ignored")
    : []
  const context: Context = { view, dataplane, address, mtls, log, settings, shared }
  const translated = inbounds.map((inbound) => translateInbound(context, inbound))
  const { outbounds, conditions } = shared.outboundLists.of(view, dataplane, settings.bindOutbounds)
  const calls = shared.outboundParts.of(view, outbounds, {
    mtls: mtls !== null,
    policies: callPolicies(view.policies, dataplane),
    log: callerLog(settings, dataplane.name, sourceOf(dataplane)),
    speaker: callSpeaker(view.policies, dataplane, settings),
    zoneEgress: view.resource?.spec.routing?.zoneEgress === true,
    systemCaPath: settings.systemCaPath ?? SYSTEM_CA
  })
  return {
    resources: [
      ...admin,
      ...metrics.resources,
      ...collectorsBeside(translated, calls),
      ...translated.flatMap((one) => one.resources),
      ...calls.resources
    ],
    uses: calls.uses,
    reads: calls.reads,
    secretMeshes,
    conditions: joined(joined(joined(conditions, calls.conditions), metrics.conditions), saidBeside(translated, calls)),
    calls
  }
}
