/**
 * How much one proxy may ask for. Whoever is let in is served by the same event loop as all others, and what he names
 * is kept for as long as his stream is open: a request is measured before it is decoded, and a stream after each.
 */
import type { DescMessage } from "@bufbuild/protobuf"
import { BinaryReader } from "@bufbuild/protobuf/wire"
import type { StreamState } from "./StreamState.ts"

/**
 * A proxy names its assignments, routes and secrets, and as it comes back it lists what it has of a type with its
 * version. 2,000 clusters with names of 100 bytes are 0.5 MB of that, 10,000 are 2.5 MB; a node has some 100 KB.
 */
export const MAX_REQUEST_BYTES = 4 * 1024 * 1024

/** In one field of a request, and of all types that a stream asks for by name. */
export const MAX_NAMES = 20_000
export const MAX_NAME_BYTES = 1024
/** A name and the version that the proxy has of it. */
const MAX_ENTRY_BYTES = 2 * MAX_NAME_BYTES
/** A node, an error. */
const MAX_FIELD_BYTES = 2 * 1024 * 1024

export class TooMuch extends Error {}

/**
 * Goes through a message as its decoder will, and builds nothing. Throws TooMuch; what is no message is the decoder's
 * to refuse.
 */
export const measure = (schema: DescMessage, bytes: Buffer): void => {
  // What is shorter than one name may be, breaks no limit.
  if (bytes.length <= MAX_NAME_BYTES) return
  const kinds = new Map(schema.fields.map(({ fieldKind, name, number }) => [number, { fieldKind, name }]))
  const counts = new Map<number, number>()
  const reader = new BinaryReader(bytes)
  while (reader.pos < bytes.length) {
    const [number, wireType] = reader.tag()
    const kind = kinds.get(number)
    // All that nobody knows is one: a message may be made of it, too.
    const counted = kind === undefined ? 0 : number
    const sum = (counts.get(counted) ?? 0) + 1
    counts.set(counted, sum)
    if (sum > MAX_NAMES) throw new TooMuch(`more than ${MAX_NAMES} ${kind?.name ?? "unknown fields"} in one request`)
    if (kind === undefined) {
      reader.skip(wireType, number)
      continue
    }
    // All that these messages have is delimited, and the decoder reads it so whatever its tag says.
    const length = reader.uint32()
    const most = kind.fieldKind === "list" ? MAX_NAME_BYTES : kind.fieldKind === "map" ? MAX_ENTRY_BYTES : MAX_FIELD_BYTES
    if (length > most) throw new TooMuch(`one of ${kind.name} has more than ${most} bytes`)
    reader.pos += length
  }
}

/** Why a stream asks for too much; null: it doesn't. */
export const excessOf = ({ subscriptions }: Pick<StreamState, "subscriptions">): string | null => {
  let names = 0
  for (const subscription of subscriptions.values()) {
    names += subscription.names.size
    // What the proxy brought, or doesn't want any more, and isn't there.
    if (subscription.pending.size - subscription.seen.size > MAX_NAMES) {
      return `more than ${MAX_NAMES} names of which nothing is known`
    }
  }
  return names > MAX_NAMES ? `the stream asks for more than ${MAX_NAMES} names` : null
}
