/**
 * Whether a request was made on this machine and for this machine, so that whoever made it may do everything.
 * A browser on the same machine connects over loopback too: it must not lend that right to a page from elsewhere.
 */
import type { IncomingHttpHeaders } from "node:http"
import { isIPv4, isIPv6 } from "node:net"

export interface RequestOrigin {
  readonly remoteAddress: string | undefined
  readonly scheme: "http" | "https"
  readonly headers: IncomingHttpHeaders
}

const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip"]

const isLoopback = (host: string): boolean => {
  const name = host.toLowerCase().replace(/\.$/, "").replace(/^\[(.*)\]$/, "$1").replace(/^::ffff:/, "")
  return name === "localhost" || (isIPv4(name) && name.startsWith("127.")) || (isIPv6(name) && name === "::1")
}

interface Authority {
  readonly host: string
  readonly port: string
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/

/** Judges the text itself: URL parsers turn too much into a clean host. */
const parseAuthority = (scheme: string, text: string): Authority | null => {
  const [, host, port = scheme === "https" ? "443" : "80"] = AUTHORITY.exec(text.toLowerCase()) ?? []
  return host === undefined || Number(port) < 1 || Number(port) > 65535 ? null : { host, port: String(Number(port)) }
}

const isSameOrigin = (origin: string, host: string): boolean => {
  const [, scheme, authority] = /^(https?):\/\/([^/?#@]+)$/.exec(origin) ?? []
  if (scheme === undefined || authority === undefined) return false
  const from = parseAuthority(scheme, authority)
  const to = parseAuthority(scheme, host)
  return from !== null && to !== null && isLoopback(from.host) && from.host === to.host && from.port === to.port
}

export const isDirectLoopback = ({ headers, remoteAddress = "", scheme }: RequestOrigin): boolean => {
  const { host = "", origin } = headers
  if (!isLoopback(remoteAddress)) return false
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false
  const authority = parseAuthority(scheme, host)
  if (authority === null || !isLoopback(authority.host)) return false
  if (![undefined, "", "same-origin", "none"].includes(headers["sec-fetch-site"]?.toString())) return false
  return origin === undefined || origin === "" || isSameOrigin(origin, host)
}
