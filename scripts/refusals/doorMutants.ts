/** Every bound of our HTTP servers, and every check of who is told which proxies to scrape, taken out, one at a time. */
import { type Mutant, mutant } from "./Mutant.ts"

const SERVERS = "cp/door/servers.ts"
const CLIENTS = "cp/mads/clients.ts"

const DOOR = "door/servers.test.ts"
const MADS = "mads/MonitoringServer.test.ts"

const OF_ONE = "has so many connections and no more, and others are served"
const TOKEN = "is whoever brings the token, where one is asked for"

export const DOOR_MUTANTS: ReadonlyArray<Mutant> = [
  mutant(
    62, "connections of one address", SERVERS, [`places.take(socket.remoteAddress ?? "")`, `places.take("")`], DOOR, OF_ONE
  ),
  mutant(62, "who has no place", SERVERS, ["    socket.destroy()\n", ""], DOOR, OF_ONE),
  mutant(
    62, "the time for a handshake", SERVERS,
    ["...httpOptions(limits), ...tls, handshakeTimeout: limits.handshakeMillis", "...httpOptions(limits), ...tls"], DOOR,
    "a connection to a server of HTTPS that %s ends"
  ),
  mutant(
    62, "the time for a head", SERVERS, ["headersTimeout: headMillis", "headersTimeout: 0"], DOOR,
    "a connection that says nothing once it's there ends"
  ),
  mutant(
    62, "the time for an answer", SERVERS, ["server.setTimeout(writeMillis)", "server"], DOOR,
    "a client that takes nothing of its answer loses it"
  ),
  mutant(63, "the token", "cp/mads/MonitoringServer.ts", ["mayAsk(request) ? ", "true ? "], MADS, TOKEN),
  mutant(63, "which token", CLIENTS, ["timingSafeEqual(digestOf(token), wanted)", "true"], MADS, TOKEN),
  mutant(
    63, "a certificate", "cp/mads/MonitoringServer.ts", ["rejectUnauthorized: true", "rejectUnauthorized: false"], MADS,
    "is whoever has a certificate of the CA that is named, and nobody else"
  )
]
