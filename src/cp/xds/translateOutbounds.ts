/**
 * Clusters and listeners of a list of outbounds, and what assignments they need. Proxies that call the same services
 * in the same way have all of this in common.
 */
import { SERVICE_TAG } from "../../model/Tags.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import type { Protocol } from "../snapshot/Protocol.ts"
import type { CallerLog } from "./accessLog.ts"
import { outboundCluster } from "./cluster/outbound.ts"
import { serviceUse } from "./endpoint/serviceUse.ts"
import { outboundListener } from "./listener/outbound.ts"
import { serviceClusterName } from "./names.ts"
import type { OutboundList, ResolvedOutbound } from "./outbounds.ts"
import type { CallTimeouts } from "./policies/MeshTimeout.ts"
import type { OutboundPart, ServiceUse } from "./ProxyTranslation.ts"
import { onceFor } from "./share/onceFor.ts"
import type { Shared } from "./share/Shared.ts"
import { WeakValues } from "./share/WeakValues.ts"
import type { XdsResource } from "./XdsResource.ts"

/** How a proxy calls, whatever it calls. */
export interface Calling {
  readonly mtls: boolean
  readonly timeouts: CallTimeouts
  readonly log: CallerLog | null
}

const serviceOf = ({ tags }: ResolvedOutbound): string => tags[SERVICE_TAG] ?? ""

const protocolOf = (view: MeshView, outbound: ResolvedOutbound): Protocol =>
  view.services.get(serviceOf(outbound))?.protocol ?? "tcp"

export class OutboundParts {
  readonly #resources: Shared<XdsResource>
  readonly #uses: Shared<ServiceUse>
  readonly #parts = onceFor((_: OutboundList) => onceFor((_: CallTimeouts) => new WeakValues<OutboundPart>()))
  /** What each service of a part spoke: the one thing that goes into it and isn't in its key. */
  readonly #protocols = new WeakMap<OutboundPart, ReadonlyArray<Protocol>>()

  constructor(resources: Shared<XdsResource>, uses: Shared<ServiceUse>) {
    this.#resources = resources
    this.#uses = uses
  }

  /** The same object while nothing in it is another. */
  of(view: MeshView, outbounds: OutboundList, calling: Calling): OutboundPart {
    const known = this.#parts(outbounds)(calling.timeouts)
    const key = JSON.stringify([view.mesh, calling.mtls, calling.log])
    const before = known.get(key)
    if (before !== undefined && this.#isCurrent(before, view, outbounds)) return before
    const after = this.#translate(view, outbounds, calling)
    this.#protocols.set(after, outbounds.map((outbound) => protocolOf(view, outbound)))
    known.set(key, after)
    return after
  }

  #isCurrent(part: OutboundPart, view: MeshView, outbounds: OutboundList): boolean {
    const protocols = this.#protocols.get(part)
    return outbounds.every((outbound, index) => protocols?.[index] === protocolOf(view, outbound))
  }

  #translate(view: MeshView, outbounds: OutboundList, { mtls, timeouts, log }: Calling): OutboundPart {
    const { mesh } = view
    return {
      resources: outbounds.flatMap((outbound) => {
        const { address, port, tags } = outbound
        const input = { tags, protocol: protocolOf(view, outbound), timeouts: timeouts.of(serviceOf(outbound)) }
        return [
          this.#resources.of(outboundCluster, { ...input, mesh, mtls }),
          this.#resources.of(outboundListener, { ...input, mesh, address, port, log })
        ]
      }),
      uses: outbounds.map((outbound) => {
        const { tags } = outbound
        const endpoints = { clusterName: serviceClusterName(tags), tags }
        return this.#uses.of(serviceUse, { mesh, service: serviceOf(outbound), endpoints })
      })
    }
  }
}
