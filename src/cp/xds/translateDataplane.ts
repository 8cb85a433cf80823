/** All that the Envoy beside a workload is to have. */
import type { Condition } from "../../model/Condition.ts"
import type { Inbound } from "../../model/Dataplane.ts"
import { enabledBackend } from "../../model/Mesh.ts"
import type { Resource } from "../../model/Resource.ts"
import { LISTEN_LABEL_PREFIX } from "../../model/dataplaneLabels.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import { isHttp, protocolOf } from "../snapshot/Protocol.ts"
import { localCluster } from "./cluster/local.ts"
import { outboundCluster } from "./cluster/outbound.ts"
import { assignment } from "./endpoint/assignment.ts"
import { adminResources } from "./listener/admin.ts"
import { inboundListener } from "./listener/inbound.ts"
import { outboundListener } from "./listener/outbound.ts"
import { inboundListenerName, localClusterName, serviceClusterName } from "./names.ts"
import { resolveOutbounds, type ResolvedOutbound } from "./outbounds.ts"
import { inboundTimeouts, outboundTimeouts } from "./policies/MeshTimeout.ts"
import { permissionsOf } from "./policies/MeshTrafficPermission.ts"
import type { ProxyTranslation, ServiceUse } from "./ProxyTranslation.ts"
import { inboundRoute } from "./route/inbound.ts"
import type { SocketAddress, TranslateSettings } from "./TranslateSettings.ts"
import type { XdsResource } from "./XdsResource.ts"

interface Context {
  readonly view: MeshView
  readonly dataplane: Resource<"Dataplane">
  readonly address: string
  readonly mtls: "STRICT" | "PERMISSIVE" | null
  readonly settings: TranslateSettings
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

const translateInbound = (context: Context, inbound: Inbound): ReadonlyArray<XdsResource> => {
  const { view, dataplane, settings } = context
  const address = inbound.address || context.address
  const servicePort = inbound.servicePort || inbound.port
  const service = inbound.tags?.[SERVICE_TAG] ?? dataplane.name
  const protocol = protocolOf(inbound)
  const cluster = localClusterName(servicePort)
  const timeouts = inboundTimeouts(view.timeouts, dataplane, inbound)
  const permissions = context.mtls === null
    ? null
    : permissionsOf(view.mesh, view.trafficPermissions, dataplane, inbound)
  return [
    localCluster({ address: inbound.serviceAddress || address, port: servicePort }, protocol, timeouts),
    inboundListener({
      mesh: view.mesh,
      proxy: dataplane.name,
      address,
      port: inbound.port,
      bind: boundBehindDocker(dataplane, inbound.port),
      service,
      tags: inbound.tags ?? {},
      protocol,
      cluster,
      timeouts,
      mtls: context.mtls === null || permissions === null ? null : { mode: context.mtls, permissions },
      accessLogPath: settings.accessLogPath
    }),
    ...(isHttp(protocol)
      ? [inboundRoute({ name: inboundListenerName(address, inbound.port), service, cluster, timeouts, permissions })]
      : [])
  ]
}

const translateOutbound = (context: Context, outbound: ResolvedOutbound): ReadonlyArray<XdsResource> => {
  const { view, dataplane, settings } = context
  const service = outbound.tags[SERVICE_TAG] ?? ""
  const protocol = view.services.get(service)?.protocol ?? "tcp"
  const timeouts = outboundTimeouts(view.timeouts, dataplane, service)
  const source = dataplane.spec.networking?.inbound?.[0]?.tags?.[SERVICE_TAG] ??
    dataplane.spec.networking?.gateway?.tags?.[SERVICE_TAG] ?? dataplane.name
  return [
    outboundCluster({ mesh: view.mesh, tags: outbound.tags, protocol, timeouts, mtls: context.mtls !== null }),
    outboundListener({
      mesh: view.mesh,
      proxy: dataplane.name,
      source,
      address: outbound.address,
      port: outbound.port,
      tags: outbound.tags,
      protocol,
      timeouts,
      accessLogPath: settings.accessLogPath
    })
  ]
}

const useOf = (view: MeshView, outbound: ResolvedOutbound): ServiceUse => {
  const service = outbound.tags[SERVICE_TAG] ?? ""
  const clusterName = serviceClusterName(outbound.tags)
  return {
    mesh: view.mesh,
    service,
    assignment: (services) => assignment(services.get(service), { clusterName, tags: outbound.tags })
  }
}

const builtinGateway: Condition = {
  type: "GatewayTranslated",
  status: "False",
  reason: "BuiltinGatewayUnsupported",
  message: "networking.gateway.type BUILTIN isn't supported yet: use DELEGATED with a gateway of your own"
}

export const translateDataplane = (
  view: MeshView,
  dataplane: Resource<"Dataplane">,
  settings: TranslateSettings
): ProxyTranslation => {
  const networking = dataplane.spec.networking
  const address = networking?.address ?? "127.0.0.1"
  const context: Context = { view, dataplane, address, mtls: mtlsMode(view), settings }
  const admin = adminResources(address, networking?.admin?.port, settings)
  const secretMeshes = context.mtls === null ? [] : [view.mesh]
  if (networking?.gateway?.type === "BUILTIN") {
    return { resources: admin, uses: [], secretMeshes, conditions: [builtinGateway] }
  }
  const inbounds = networking?.gateway === undefined
    ? (networking?.inbound ?? []).filter((inbound) => inbound.state !== "Ignored")
    : []
  const { outbounds, conditions } = resolveOutbounds(view, dataplane)
  return {
    resources: [
      ...admin,
      ...inbounds.flatMap((inbound) => translateInbound(context, inbound)),
      ...outbounds.flatMap((outbound) => translateOutbound(context, outbound))
    ],
    uses: outbounds.map((outbound) => useOf(view, outbound)),
    secretMeshes,
    conditions
  }
}
