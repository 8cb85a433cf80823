/** Where somebody connects from, as far as one may be told from another by it. Pure. */
import { isIPv6 } from "node:net"

/** Who has one address of a network that IPv6 hands out has all of them. */
export const placeOf = (address: string): string => {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address
  const [head = "", tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")))
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - head.length - tail.length }, () => "0")
  return [...head, ...zeros, ...tail ?? []].slice(0, 4).join(":")
}
