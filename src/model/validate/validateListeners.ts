/** Zone proxies' listeners on a Dataplane: each on an address and port, and with a name, of its own. */
import type { Dataplane } from "../Dataplane.ts"
import type { Violation } from "../Violation.ts"
import { validateAddress, validatePort } from "./validateAddress.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

type Networking = NonNullable<Dataplane["networking"]>

export const validateListeners = (networking: Networking, path: string): ReadonlyArray<Violation> => {
  const { inbound = [], listeners = [] } = networking
  const inboundEnds = inbound.map(({ address, port }) => `${address || networking.address || ""}:${port}`)
  const inboundNames = inbound.flatMap(({ name, port }) => [name || String(port)])
  return inEach(path, listeners, (listener, at, index) => {
    const earlier = listeners.slice(0, index)
    const end = `${listener.address ?? ""}:${listener.port ?? 0}`
    const taken = earlier.find(({ address, port }) => `${address ?? ""}:${port ?? 0}` === end)
    const { name = "" } = listener
    const names = [...inboundNames, ...earlier.map((other) => other.name)]
    return [
      ...violationIf(["Unspecified", undefined].includes(listener.type), field(at, "type"),
        "type must be ZoneIngress or ZoneEgress"),
      ...validateAddress(at, listener.address),
      ...validatePort(field(at, "port"), listener.port),
      ...violationIf(name !== "" && names.includes(name), field(at, "name"),
        `name "${name}" must be unique across inbounds and listeners`),
      ...violationIf(taken !== undefined, at, taken?.type === listener.type
        ? `address:port ${end} is already used by another listener`
        : `address:port ${end} is used by listeners of different types`),
      ...violationIf(inboundEnds.includes(end), at, `address:port ${end} collides with an inbound listener`)
    ]
  })
}
