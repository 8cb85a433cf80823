/** Every bound of what one proxy may ask for, taken out, one at a time. */
import { type Mutant, mutant } from "./Mutant.ts"

const LIMITS = "cp/server/limits.ts"
const TEST = "server/limits.test.ts"

const REQUEST = "has no more %s than a proxy needs"
const STREAM = "ends as it asks for more, with a reason that stands in the journal, and others go on"

export const LIMIT_MUTANTS: ReadonlyArray<Mutant> = [
  mutant(70, "names of a request", LIMITS, ["if (sum > MAX_NAMES) throw", "if (false) throw"], TEST, REQUEST),
  mutant(70, "bytes of a name", LIMITS, ["if (length > most) throw", "if (false) throw"], TEST, REQUEST),
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
  )
]
