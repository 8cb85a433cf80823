/**
 * The address in grpc-js' text of a peer (`10.0.0.1:5000`, `::1:5000`, `unknown`), an IPv4 address in plain form also
 * where the socket says it as IPv6 (`::ffff:10.0.0.1`). Null where there is none.
 */
export const peerAddress = (peer: string): string | null => {
  const colon = peer.lastIndexOf(":")
  return colon < 0 ? null : plainAddress(peer.slice(0, colon))
}

/** Drops IPv6's way to write an IPv4 address. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "")
