/** ZoneIngress and ZoneEgress: where they listen, and under which address other zones see them. */
import type { Violation } from "../Violation.ts"
import type { ZoneEgress } from "../ZoneEgress.ts"
import type { ZoneIngress } from "../ZoneIngress.ts"
import { coversLoopback, validateAddress, validatePort } from "./validateAddress.ts"
import { requireService, validateTags } from "./validateTags.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const NETWORKING = "networking"

const validateAdmin = (
  admin: { readonly port?: number } | undefined,
  ends: ReadonlyArray<readonly [port: number | undefined, address: string | undefined]>
): ReadonlyArray<Violation> =>
  violationIf(
    admin !== undefined && ends.some(([port, address]) => port === (admin.port ?? 0) && coversLoopback(address)),
    "networking.admin.port",
    "must differ from port"
  )

/** Kuma reports addresses of zone proxies one level too deep, at `networking.address.address`: so do we. */
const validateOptionalAddress = (name: string, address: string | undefined): ReadonlyArray<Violation> =>
  address ? validateAddress(field(NETWORKING, name), address) : []

export const validateZoneIngress = ({ availableServices, networking = {} }: ZoneIngress): ReadonlyArray<Violation> => {
  const { address, admin, advertisedAddress, advertisedPort = 0, port } = networking
  return [
    ...validateAdmin(admin, [[port, address], [advertisedPort, advertisedAddress]]),
    ...violationIf(!advertisedAddress && advertisedPort !== 0, "networking.advertisedAddress",
      "has to be defined with advertisedPort"),
    ...violationIf(Boolean(advertisedAddress) && advertisedPort === 0, "networking.advertisedPort",
      "has to be defined with advertisedAddress"),
    ...validateOptionalAddress("address", address),
    ...validateOptionalAddress("advertisedAddress", advertisedAddress),
    ...validatePort("networking.port", port),
    ...(advertisedPort === 0 ? [] : validatePort("networking.advertisedPort", advertisedPort)),
    ...inEach("availableService", availableServices, ({ tags }, path) => [
      ...validateTags(field(path, "tags"), tags),
      ...requireService(field(path, "tags"), tags)
    ])
  ]
}

export const validateZoneEgress = ({ networking = {} }: ZoneEgress): ReadonlyArray<Violation> => [
  ...validateAdmin(networking.admin, [[networking.port, networking.address]]),
  ...validateOptionalAddress("address", networking.address),
  ...validatePort("networking.port", networking.port)
]
