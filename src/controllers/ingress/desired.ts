/**
 * The ZoneIngress of a task. Receives what was observed, produces the resource; which services it opens is filled in
 * by the control plane, so what is stored of that is kept.
 */
import type { DesiredResource } from "../../model/Resource.ts"
import { ZONE_TAG } from "../../model/Tags.ts"
import { validateSpec } from "../../model/validate/validateResource.ts"
import type { Derivation } from "../lifecycle/conditions.ts"
import type { ProxyKind } from "../lifecycle/decide.ts"
import { resourceFromTemplate, violationTexts } from "../lifecycle/template.ts"
import { isStopping } from "../lifecycle/TaskObservation.ts"
import { asDesired, lookAgainAfter, zoneClaim, type ZoneProxy, zoneProxy } from "../lifecycle/zoneProxy.ts"
import { machine } from "./machine.ts"
import type { ZoneIngressObservation } from "./observe.ts"

/** Kuma's port of an ingress. */
export const INGRESS_PORT = 10_001

type DesiredIngress = DesiredResource<"ZoneIngress">

const derived = ({ address, advertised, labels, port, taskId }: ZoneProxy): Derivation<DesiredIngress> => ({
  ok: true,
  notes: [],
  value: { type: "ZoneIngress", mesh: "", name: taskId, labels, spec: { networking: { address, port, ...advertised } } }
})

const derive = (observation: ZoneIngressObservation, zone: string): Derivation<DesiredIngress> => {
  const proxy = zoneProxy(observation, zone, INGRESS_PORT)
  if (!proxy.ok) return proxy
  const { address, labels, sidecar, taskId } = proxy.value
  const resource = sidecar.template === null
    ? derived(proxy.value)
    : resourceFromTemplate("ZoneIngress", sidecar.template, sidecar, { taskId, address, mesh: "" })
  if (!resource.ok) return resource
  const { availableServices } = observation.stored?.spec ?? {}
  const value: DesiredIngress = {
    ...resource.value,
    labels: { ...resource.value.labels, ...labels, [ZONE_TAG]: zone },
    spec: { ...resource.value.spec, ...(availableServices === undefined ? {} : { availableServices }) }
  }
  const violations = validateSpec(value)
  return violations.length === 0
    ? { ok: true, value, notes: resource.notes }
    : { ok: false, reason: "ZoneIngressInvalid", message: violationTexts(violations) }
}

/**
 * Other zones go by the advertised address and the services that are available there. Without them they choose this
 * ingress no more, while its own listener, which is made of address and port, follows the zone until the task is gone.
 */
const withdrawn = ({ type, mesh, name, labels, spec }: DesiredIngress): DesiredIngress => {
  const { availableServices: _, networking, ...rest } = spec
  if (networking === undefined) return { type, mesh, name, labels, spec: rest }
  const { advertisedAddress: _address, advertisedPort: _port, ...own } = networking
  return { type, mesh, name, labels, spec: { ...rest, networking: own } }
}

export const ingressKind = (zone: string): ProxyKind<"ZoneIngress", ZoneIngressObservation> => ({
  type: "ZoneIngress",
  settings: { zone },
  machine,
  derive: (observation) => derive(observation, zone),
  claim: () => zoneClaim("ingress"),
  refresh: (resource, { look }) => isStopping(look) ? withdrawn(resource) : asDesired(resource),
  lookAgainAfter
})
