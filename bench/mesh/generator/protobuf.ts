/**
 * As much of protobuf as a light client needs: it walks over fields and looks into those few that it must know.
 * Encoding: https://protobuf.dev/programming-guides/encoding/
 */

/** A varint's number, or a length-delimited field's bytes (a view, not a copy). */
export type Value = number | Buffer

export const eachField = (bytes: Buffer, visit: (field: number, value: Value) => void): void => {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1;; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error("a message ends within a number")
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    switch (tag % 8) {
      case 0:
        visit(field, varint())
        break
      case 1:
        at += 8
        break
      case 2: {
        const length = varint()
        if (at + length > bytes.length) throw new Error(`field ${field} is longer than its message`)
        visit(field, bytes.subarray(at, at + length))
        at += length
        break
      }
      case 5:
        at += 4
        break
      default:
        throw new Error(`field ${field} has the wire type ${tag % 8}`)
    }
  }
}

/** All length-delimited values at this path of field numbers. */
export const valuesAt = (bytes: Buffer, path: ReadonlyArray<number>): ReadonlyArray<Buffer> => {
  let level: ReadonlyArray<Buffer> = [bytes]
  for (const wanted of path) {
    const next: Array<Buffer> = []
    for (const message of level) {
      eachField(message, (field, value) => {
        if (field === wanted && typeof value !== "number") next.push(value)
      })
    }
    level = next
  }
  return level
}

export const textsAt = (bytes: Buffer, path: ReadonlyArray<number>): ReadonlyArray<string> =>
  valuesAt(bytes, path).map((value) => value.toString("utf8"))

/** The last number of this field; 0, protobuf's default, where there is none. */
export const numberOf = (bytes: Buffer, wanted: number): number => {
  let number = 0
  eachField(bytes, (field, value) => {
    if (field === wanted && typeof value === "number") number = value
  })
  return number
}

const head = (field: number, length: number): Buffer => {
  const bytes = [(field << 3) | 2]
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** A length-delimited field; its number is below 16. */
export const field = (number: number, value: string | Uint8Array): Buffer => {
  const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value
  return Buffer.concat([head(number, bytes.length), bytes])
}
