/**
 * How much one proxy may ask for. Whoever is let in is served by the same event loop as all others, and what he names
 * is kept for as long as his stream is open: a request is measured (measure.ts) before it is decoded, and a stream
 * after each.
 */
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
export const MAX_ENTRY_BYTES = 2 * MAX_NAME_BYTES
/** A node, an error. */
export const MAX_FIELD_BYTES = 2 * 1024 * 1024
/** In these, and in all that they hold: an Envoy's node has 2,000 and 60 KB. */
export const MAX_INNER_FIELDS = 20_000

export class TooMuch extends Error {}

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
