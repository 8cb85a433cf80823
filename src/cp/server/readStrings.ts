/**
 * The requests that come most are acknowledgements: a few short strings. These are read by hand; whatever says more (a
 * node, an error, versions) is for the decoder that knows all of a message.
 * Encoding: https://protobuf.dev/programming-guides/encoding/#length-types
 */
import { isAscii } from "node:buffer"

export interface Strings {
  /** "" where there is none; of several the last, as the encoding has it. */
  readonly one: (field: number) => string
  readonly many: (field: number) => Array<string>
}

/** `fields`: numbers of the strings that may be in it, below 16. Null: it holds anything else. */
export const readStrings = (bytes: Buffer, fields: ReadonlySet<number>): Strings | null => {
  // So each length is one byte, as each tag is, and each character.
  if (!isAscii(bytes)) return null
  const found: Array<{ readonly field: number; readonly value: string }> = []
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0
    const length = bytes[at + 1]
    if ((tag & 7) !== 2 || !fields.has(tag >> 3) || length === undefined) return null
    const end = at + 2 + length
    if (end > bytes.length) return null
    found.push({ field: tag >> 3, value: bytes.toString("latin1", at + 2, end) })
    at = end
  }
  return {
    one: (number) => found.findLast(({ field }) => field === number)?.value ?? "",
    many: (number) => found.flatMap(({ field, value }) => field === number ? [value] : [])
  }
}
