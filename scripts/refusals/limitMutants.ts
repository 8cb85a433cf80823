/** Every bound of what one proxy may ask for, taken out, one at a time. */
import { type Mutant, mutant } from "./Mutant.ts"

const LIMITS = "cp/server/limits.ts"
const MEASURE = "cp/server/measure.ts"
const TEST = "server/limits.test.ts"

const REQUEST = "has no more %s than a proxy needs"
const WRITTEN = "is none where a field of it %s"
const STREAM = "ends as it asks for more, with a reason that stands in the journal, and others go on"

export const LIMIT_MUTANTS: ReadonlyArray<Mutant> = [
  mutant(70, "names of a request", MEASURE, ["if (sum > MAX_NAMES) throw", "if (false) throw"], TEST, REQUEST),
  mutant(70, "bytes of a name", MEASURE, ["if (length > most) throw", "if (false) throw"], TEST, REQUEST),
  mutant(
    70, "fields of a node", MEASURE, ["if (this.#fields > MAX_INNER_FIELDS) {", "if (false) {"], TEST, REQUEST
  ),
  mutant(70, "messages in messages", MEASURE, ["if (depth > MAX_DEPTH) throw", "if (false) throw"], TEST, REQUEST),
  mutant(
    70, "where a field ends", MEASURE, ["expect(this.#reader.pos === end)", "void end"], TEST, WRITTEN
  ),
  mutant(
    70, "how a field is written", MEASURE, ["expect(packed || wireType === wireTypeOf(field.scalar))", "void packed"], TEST,
    WRITTEN
  ),
  mutant(
    70, "before it is decoded, health", "cp/server/hds/hdsService.ts",
    ["    measure(HealthCheckRequestOrEndpointHealthResponseSchema, bytes)\n", ""], TEST,
    "tells of no more endpoints' health than there could be"
  ),
  mutant(
    70, "before it is decoded, incremental", "cp/server/wire.ts",
    ["  measure(DeltaDiscoveryRequestSchema, bytes)\n", ""], TEST, REQUEST
  ),
  mutant(
    70, "before it is decoded, state of the world", "cp/server/wire.ts",
    ["  measure(DiscoveryRequestSchema, bytes)\n", ""], TEST, REQUEST
  ),
  mutant(70, "names of a stream", LIMITS, ["return names > MAX_NAMES ?", "return false ?"], TEST, STREAM),
  mutant(
    70, "names that nobody heard of", LIMITS, ["subscription.pending.size - subscription.seen.size > MAX_NAMES", "false"],
    TEST, "leaves no more that is unheard of with who holds it open and reads nothing"
  ),
  mutant(
    70, "a stream is measured", "cp/server/AdsStream.ts", ["const excess = excessOf(state)", "const excess = null"], TEST,
    STREAM
  ),
  mutant(
    70, "work of a proxy", "cp/server/Pace.ts", ["if (wait > 0) {", "if (false) {"], TEST,
    "is so much, and then waits: what is left isn't read, and others are answered"
  ),
  mutant(
    70, "what isn't names", "cp/server/work.ts", ["Math.max(0, otherBytes)", "0"], TEST,
    "is also what it says beside names"
  ),
  mutant(
    70, "reports of health", "cp/server/hds/HealthDiscovery.ts", ["reportWork(decoded.bytes)", "0 * reportWork(0)"],
    "server/health.test.ts", "is read no faster than the proxy's share of the time, and others are heard"
  ),
  mutant(
    70, "turns", "cp/server/Pace.ts", ["this.#sinceTurn >= TURN_WORK", "false"], TEST,
    "is done a turn at a time: who asks for little that costs much holds up others for a few of its requests"
  ),
  mutant(
    70, "work of a newcomer", "cp/server/workShares.ts", ["if (wait === 0) return", "if (true) return"], TEST,
    "is spent by whichever of its streams: who comes back all the time comes in later"
  ),
  mutant(
    70, "newcomers that wait", "cp/server/workShares.ts", ["waiting.get(key)?.()", ""], TEST,
    "is waited for by the newest of its streams alone: %s"
  ),
  mutant(
    70, "nothing is read of whom nobody knows", "cp/server/acceptCall.ts", ["    pace.hold()\n", ""],
    "server/doors.test.ts", "isn't read any further meanwhile, whatever it sends"
  ),
  mutant(
    70, "requests of a connection", "cp/server/DataplaneServer.ts",
    ["http.maxRequestsPerSocket = REQUESTS_OF_A_CONNECTION", "http.maxRequestsPerSocket = 10 * REQUESTS_OF_A_CONNECTION"],
    "server/DataplaneServer.test.ts",
    "takes a few requests of one connection before it has answered the first, and others' besides"
  ),
  mutant(
    70, "share of the journal", "cp/diagnostics/JournalShares.ts",
    ["if (wait === 0 && share.held.size === 0) {", "if (true) {"], "diagnostics/JournalShares.test.ts",
    "is no more than its share however much it is, and others' is all there"
  )
]
