/** Which services a Dataplane reaches, and on which of its addresses: its own list, then one for every service. */
import type { Condition } from "../../model/Condition.ts"
import { OUTBOUND_ADDRESS_LABEL, OUTBOUNDS_LABEL } from "../../model/dataplaneLabels.ts"
import type { Resource } from "../../model/Resource.ts"
import { SERVICE_TAG, type Tags } from "../../model/Tags.ts"
import type { MeshView } from "../snapshot/MeshView.ts"

const LOOPBACK = "127.0.0.1"

export interface ResolvedOutbound {
  readonly address: string
  readonly port: number
  /** `kuma.io/service`, and whatever else an endpoint must have. */
  readonly tags: Tags
}

export interface Outbounds {
  readonly outbounds: ReadonlyArray<ResolvedOutbound>
  /** What was asked for and can't be had. */
  readonly conditions: ReadonlyArray<Condition>
}

const unsupported = (reason: string, message: string): Condition => ({
  type: "OutboundsTranslated",
  status: "False",
  reason,
  message
})

const at = ({ address, port }: { readonly address: string; readonly port: number }): string => `${address}|${port}`

export const resolveOutbounds = (view: MeshView, dataplane: Resource<"Dataplane">): Outbounds => {
  const networking = dataplane.spec.networking
  const own = networking?.address ?? LOOPBACK
  const conditions: Array<Condition> = []
  const outbounds = new Map<string, ResolvedOutbound>()
  // Where the proxy's own inbounds listen, and where its workload does.
  const taken = new Set(
    (networking?.inbound ?? []).flatMap((inbound) => {
      const address = inbound.address || own
      const port = inbound.servicePort || inbound.port
      return [at({ address, port: inbound.port }), at({ address: inbound.serviceAddress || address, port })]
    })
  )

  const add = (outbound: ResolvedOutbound, what: string): void => {
    const key = at(outbound)
    if (taken.has(key) || outbounds.has(key)) {
      const message = `${what} would listen on ${outbound.address}:${outbound.port}, which is taken: change its port`
      conditions.push(unsupported("AddressTaken", message))
    } else {
      outbounds.set(key, outbound)
    }
  }

  for (const [index, outbound] of (networking?.outbound ?? []).entries()) {
    const what = `networking.outbound[${index}]`
    const service = outbound.tags?.[SERVICE_TAG]
    if (outbound.backendRef !== undefined) {
      const message = `${what}.backendRef names a ${outbound.backendRef.kind}, which isn't supported yet: ` +
        `name the service by tags with ${SERVICE_TAG}`
      conditions.push(unsupported("BackendRefUnsupported", message))
    } else if (outbound.tags === undefined || service === undefined || service === "") {
      conditions.push(unsupported("ServiceMissing", `${what}.tags lacks ${SERVICE_TAG}: add it`))
    } else {
      add({ address: outbound.address || LOOPBACK, port: outbound.port, tags: outbound.tags }, what)
    }
  }

  if (dataplane.labels[OUTBOUNDS_LABEL] === "all") {
    const address = dataplane.labels[OUTBOUND_ADDRESS_LABEL] === "task" ? own : LOOPBACK
    const reached = new Set([...outbounds.values()].filter((one) => Object.keys(one.tags).length === 1)
      .map((one) => one.tags[SERVICE_TAG]))
    for (const [service, port] of [...view.outboundPorts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (reached.has(service)) continue
      add({ address, port, tags: { [SERVICE_TAG]: service } }, `the outbound of ${service}`)
    }
  }
  return { outbounds: [...outbounds.values()], conditions }
}
