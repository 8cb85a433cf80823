/** The ZoneEgress of a task. Receives what was observed, produces the resource. */
import type { DesiredResource } from "../../model/Resource.ts"
import { ZONE_TAG } from "../../model/Tags.ts"
import { validateSpec } from "../../model/validate/validateResource.ts"
import type { Derivation } from "../lifecycle/conditions.ts"
import type { ProxyKind } from "../lifecycle/decide.ts"
import { resourceFromTemplate, violationTexts } from "../lifecycle/template.ts"
import { asDesired, lookAgainAfter, zoneClaim, type ZoneProxy, zoneProxy } from "../lifecycle/zoneProxy.ts"
import { machine } from "./machine.ts"
import type { ZoneEgressObservation } from "./observe.ts"

/** Kuma's port of an egress. */
export const EGRESS_PORT = 10_002

type DesiredEgress = DesiredResource<"ZoneEgress">

const derived = ({ address, labels, port, taskId }: ZoneProxy): Derivation<DesiredEgress> => ({
  ok: true,
  notes: [],
  value: { type: "ZoneEgress", mesh: "", name: taskId, labels, spec: { networking: { address, port } } }
})

const derive = (observation: ZoneEgressObservation, zone: string): Derivation<DesiredEgress> => {
  const proxy = zoneProxy(observation, zone, EGRESS_PORT)
  if (!proxy.ok) return proxy
  const { address, labels, sidecar, taskId } = proxy.value
  const resource = sidecar.template === null
    ? derived(proxy.value)
    : resourceFromTemplate("ZoneEgress", sidecar.template, sidecar, { taskId, address, mesh: "" })
  if (!resource.ok) return resource
  const value: DesiredEgress = {
    ...resource.value,
    labels: { ...resource.value.labels, ...labels, [ZONE_TAG]: zone }
  }
  const violations = validateSpec(value)
  return violations.length === 0
    ? { ok: true, value, notes: resource.notes }
    : { ok: false, reason: "ZoneEgressInvalid", message: violationTexts(violations) }
}

export const egressKind = (zone: string): ProxyKind<"ZoneEgress", ZoneEgressObservation> => ({
  type: "ZoneEgress",
  settings: { zone },
  machine,
  derive: (observation) => derive(observation, zone),
  claim: () => zoneClaim("egress"),
  // Nobody chooses an egress by its resource: one that stops keeps it, and its proxy its configuration, to the end.
  refresh: asDesired,
  lookAgainAfter
})
