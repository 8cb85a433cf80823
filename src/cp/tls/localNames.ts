/** The names and addresses by which a proxy may dial this machine. */
import { isIP } from "node:net"
import { hostname, networkInterfaces } from "node:os"

/** Link-local IPv6 means something only together with an interface: nobody dials it. */
const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address)

/** Distinct and sorted: names first, then addresses; `extra` are those that only the user knows. */
export const localNames = (extra: ReadonlyArray<string> = []): ReadonlyArray<string> => {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  const names = new Set([
    "localhost",
    hostname().toLowerCase(),
    "127.0.0.1",
    "::1",
    ...addresses.filter((address) => !isLinkLocal(address)),
    ...extra
  ])
  return [...names].filter((name) => name !== "").sort((a, b) => isIP(a) - isIP(b) || (a < b ? -1 : 1))
}
