/** `host:port`, with RFC 3986's brackets around an IPv6 address. Pure. */
import { isIPv6 } from "node:net"

export const joinHostPort = (host: string, port: number): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
