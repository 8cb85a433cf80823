/**
 * What an ingress and an egress have in common: one port, the sidecar's own, and no mesh. Their kinds put it into
 * their resource. Pure.
 */
import { ZONE_TAG } from "../../model/Tags.ts"
import type { ProxyType } from "../../model/ProxyType.ts"
import type { DesiredResource, Resource } from "../../model/Resource.ts"
import { ADVERTISED_ADDRESS, ADVERTISED_PORT, parsePort } from "../labels.ts"
import type { Derivation } from "./conditions.ts"
import type { Claim } from "./judge.ts"
import type { ProxyObservation, ProxyResourceType } from "./ProxyObservation.ts"
import { addressOf, type SidecarDefinition, sidecarOf } from "./TaskObservation.ts"
import { TASK_LABEL } from "../../model/dataplaneLabels.ts"

export interface ZoneProxy {
  readonly taskId: string
  readonly address: string
  readonly port: number
  /** Where other zones reach it, if not at its own address: a load balancer's. */
  readonly advertised: { readonly advertisedAddress: string; readonly advertisedPort: number } | null
  readonly labels: Readonly<Record<string, string>>
  readonly sidecar: SidecarDefinition
}

export const zoneProxy = ({ look }: ProxyObservation, zone: string, defaultPort: number): Derivation<ZoneProxy> => {
  const container = sidecarOf(look)
  const address = addressOf(look)
  if (look.task === null || address === null || !container?.sidecar) {
    return { ok: false, reason: "NotIdentified", message: "the task isn't identified yet" }
  }
  const setting = (name: string): string | undefined => container.labels[name] ?? look.task?.tags[name]
  const advertisedAddress = setting(ADVERTISED_ADDRESS)
  const advertisedPort = parsePort(setting(ADVERTISED_PORT) ?? "")
  if ((advertisedAddress === undefined) !== (setting(ADVERTISED_PORT) === undefined) ||
    (advertisedAddress !== undefined && advertisedPort === null)) {
    return {
      ok: false,
      reason: "AdvertisedAddressInvalid",
      message: `${ADVERTISED_ADDRESS} and ${ADVERTISED_PORT} (1..65535) come together: set both or none`
    }
  }
  return {
    ok: true,
    notes: [],
    value: {
      taskId: look.taskId,
      address,
      port: container.portMappings[0]?.containerPort ?? defaultPort,
      advertised: advertisedAddress === undefined || advertisedPort === null
        ? null
        : { advertisedAddress, advertisedPort },
      labels: {
        [ZONE_TAG]: zone,
        "kuma.io/origin": "zone",
        "kuma.io/env": "universal",
        [TASK_LABEL]: look.taskId
      },
      sidecar: container.sidecar
    }
  }
}

export const zoneClaim = (proxyType: Exclude<ProxyType, "dataplane">): Claim => ({ proxyType, mesh: "" })

/** A stored resource without what only the store adds. */
export const asDesired = <T extends ProxyResourceType>(
  { type, mesh, name, labels, spec }: DesiredResource<T> | Resource<T>
): DesiredResource<T> => ({ type, mesh, name, labels, spec })

/** Until the proxy is connected it is worth looking again; afterwards events tell everything. */
export const lookAgainAfter = ({ connection }: ProxyObservation): number | null =>
  connection.acknowledged ? null : 30_000
