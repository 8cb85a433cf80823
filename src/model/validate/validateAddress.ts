/** Addresses and ports, and whether two proxies' ends are one. */
import { isIpAddress } from "../isIpAddress.ts"
import type { Violation } from "../Violation.ts"
import { field, violationIf } from "./violationPath.ts"

const DNS_NAME = /^([a-zA-Z0-9_][a-zA-Z0-9_-]{0,62})(\.[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62})*\.?$/

export const isAddress = (address: string): boolean =>
  isIpAddress(address) || (address.replaceAll(".", "").length <= 255 && DNS_NAME.test(address))

/** At `<path>.address`, as Kuma has it: of a zone proxy's address the path ends in `address.address`. */
export const validateAddress = (path: string, address: string | undefined): ReadonlyArray<Violation> => {
  const at = field(path, "address")
  if (address === undefined || address === "") return [{ field: at, message: "address can't be empty" }]
  return [
    ...violationIf(address === "0.0.0.0" || address === "::", at, "must not be 0.0.0.0 or ::"),
    ...violationIf(!isAddress(address), at, "address has to be valid IP address or domain name")
  ]
}

export const validatePort = (path: string, port: number | undefined): ReadonlyArray<Violation> =>
  violationIf(!Number.isInteger(port) || (port ?? 0) < 1 || (port ?? 0) > 65535, path,
    "port must be in the range [1, 65535]")

/** Whether something that binds `address` also takes the port of 127.0.0.1. */
export const coversLoopback = (address: string | undefined): boolean =>
  address === "127.0.0.1" || address === "0.0.0.0" || address === "::"
