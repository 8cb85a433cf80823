/** What one who connects may take of a server: connections, and time for each part of what is done there. */
export interface DoorLimits {
  /** At once; null: however many. */
  readonly connections: number | null
  /** Of one address, or of one network of IPv6; null: all that there are, as proxies may share a load balancer's. */
  readonly connectionsOfOne: number | null
  /** From the connection to the end of its TLS handshake. */
  readonly handshakeMillis: number
  /** For a request's head: the first one's time begins with the connection. */
  readonly headMillis: number
  /** For a whole request, whatever trickles meanwhile. */
  readonly requestMillis: number
  /** On which nothing moves while it is answered; null: answers may be long in coming. */
  readonly writeMillis: number | null
  /** Between two requests. */
  readonly idleMillis: number
}
