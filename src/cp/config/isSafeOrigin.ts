/** Whether a host, as a URL or a server has it, is this machine itself. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || hostname === "::1" || /^127\.\d+\.\d+\.\d+$/.test(hostname)

/**
 * Whether tokens and answers that decide may go to this origin: `https://HOST[:PORT]`, or plain HTTP on this machine's
 * loopback, as whoever is between could read the ones and write the others. Nothing may follow the port. Pure.
 */
export const isSafeOrigin = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text)
  const bare = pathname === "/" && search + hash + username + password === ""
  return bare && (protocol === "https:" || (protocol === "http:" && isLoopback(hostname)))
}
