/** An ExternalService: where it is, and the service that it stands for. */
import type { ExternalService } from "../ExternalService.ts"
import { SERVICE_TAG } from "../Tags.ts"
import type { Violation } from "../Violation.ts"
import { isAddress, validatePort } from "./validateAddress.ts"
import { validateDataSource } from "./validateDataSource.ts"
import { requireService, validateProtocolTag, validateTags } from "./validateTags.ts"
import { field, key, violationIf } from "./violationPath.ts"

type Networking = NonNullable<ExternalService["networking"]>

/** `host:port`; an IPv6 address stands in brackets. */
const HOST_AND_PORT = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/

const splitAddress = (address: string): { readonly host: string; readonly port: string } | undefined => {
  const [, bracketed, plain, port] = HOST_AND_PORT.exec(address) ?? []
  return port === undefined ? undefined : { host: bracketed ?? plain ?? "", port }
}

const ADDRESS = "networking.address"

const validateAddress = (address: string): ReadonlyArray<Violation> => {
  if (address === "") return [{ field: ADDRESS, message: "address can't be empty" }]
  const end = splitAddress(address)
  const { host = "", port = "" } = end ?? {}
  const isNumber = /^\d+$/.test(port)
  return [
    ...violationIf(end === undefined, ADDRESS, "unable to parse address"),
    ...violationIf(!isAddress(host), ADDRESS, "address has to be a valid IP address or a domain name"),
    ...violationIf(!isNumber, ADDRESS, "unable to parse port in address"),
    ...validatePort(ADDRESS, isNumber ? Number(port) : 0)
  ]
}

const validateTls = (tls: Networking["tls"]): ReadonlyArray<Violation> => {
  const at = (name: string) => field("networking.tls", name)
  return [
    ...violationIf(tls?.serverName === "", at("serverName"), "cannot be empty"),
    ...validateDataSource(tls?.caCert, at("caCert")),
    ...validateDataSource(tls?.clientCert, at("clientCert")),
    ...validateDataSource(tls?.clientKey, at("clientKey"))
  ]
}

export const validateExternalService = ({ networking, tags = {} }: ExternalService): ReadonlyArray<Violation> => {
  const service = tags[SERVICE_TAG]
  return [
    ...(networking === undefined
      ? [{ field: "networking", message: "should have networking" }]
      : [...validateAddress(networking.address), ...validateTls(networking.tls)]),
    ...validateProtocolTag("tags", tags),
    ...validateTags("tags", tags),
    ...requireService("tags", tags),
    // Its own name would be resolved to itself.
    ...violationIf(Boolean(service) && splitAddress(networking?.address ?? "")?.host === service,
      key("tags", SERVICE_TAG), "cannot be the same as networking.address")
  ]
}
