/**
 * What a proxy's message would make of memory, found out before anything is made of it: two bytes are a field, and a
 * field may be an object. Whoever reaches the port may send one, so it is measured before it is known whose it is.
 */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf"
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire"
import { onceFor } from "../xds/share/onceFor.ts"
import { MAX_ENTRY_BYTES, MAX_FIELD_BYTES, MAX_INNER_FIELDS, MAX_NAME_BYTES, MAX_NAMES, TooMuch } from "./limits.ts"

/** As the decoder's. */
const MAX_DEPTH = 100

const fieldsOf = onceFor(({ fields }: DescMessage): ReadonlyMap<number, DescField> =>
  new Map(fields.map((field) => [field.number, field])))

/** How a value is written that isn't a message. */
const wireTypeOf = (scalar: ScalarType | undefined): WireType => {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32
    default:
      return WireType.Varint
  }
}

/**
 * The decoder goes by what a field is, whatever its tag says of how it is written, and past the end of what holds it.
 * Where the two are at odds it would read other fields than are counted here, so that is no message.
 */
const expect = (holds: boolean): void => {
  if (!holds) throw new Error("a field isn't written as what it is, or ends behind what holds it")
}

/** Goes through all that is in the messages of a request. */
class Inside {
  readonly #reader: BinaryReader
  #fields = 0

  constructor(reader: BinaryReader) {
    this.#reader = reader
  }

  value(field: DescField, wireType: WireType, depth: number): void {
    if (field.fieldKind === "map" || field.message !== undefined) {
      expect(wireType === WireType.LengthDelimited)
      return this.#within((end) =>
        (field.fieldKind === "map" ? this.#entry(field, end, depth) : this.#message(field.message, end, depth)))
    }
    const packed = field.fieldKind === "list" && wireType === WireType.LengthDelimited
    expect(packed || wireType === wireTypeOf(field.scalar))
    const before = this.#reader.pos
    this.#reader.skip(wireType)
    // Each byte of numbers that stand together may be one of them.
    if (packed && wireTypeOf(field.scalar) !== WireType.LengthDelimited) this.#count(this.#reader.pos - before)
  }

  #within(read: (end: number) => void): void {
    const length = this.#reader.uint32()
    const end = this.#reader.pos + length
    read(end)
    expect(this.#reader.pos === end)
  }

  #message(schema: DescMessage | undefined, end: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new TooMuch(`messages in messages, more than ${MAX_DEPTH} deep`)
    while (this.#reader.pos < end) {
      const [number, wireType] = this.#reader.tag()
      this.#count(1)
      const field = schema === undefined ? undefined : fieldsOf(schema).get(number)
      if (field === undefined) this.#reader.skip(wireType, number)
      else this.value(field, wireType, depth + 1)
    }
  }

  /** A key and a value. */
  #entry(field: DescField & { readonly fieldKind: "map" }, end: number, depth: number): void {
    for (let parts = 0; this.#reader.pos < end; parts++) {
      const [number, wireType] = this.#reader.tag()
      expect(parts < 2 && (number === 1 || number === 2))
      if (number === 2 && field.message !== undefined) {
        expect(wireType === WireType.LengthDelimited)
        this.#within((own) => this.#message(field.message, own, depth + 1))
      } else {
        expect(wireType === wireTypeOf(number === 1 ? field.mapKey : field.scalar))
        this.#reader.skip(wireType)
      }
    }
  }

  #count(fields: number): void {
    this.#fields += fields
    if (this.#fields > MAX_INNER_FIELDS) {
      throw new TooMuch(`more than ${MAX_INNER_FIELDS} fields in the messages of one request`)
    }
  }
}

const mostBytesOf = ({ fieldKind }: DescField): number =>
  fieldKind === "list" ? MAX_NAME_BYTES : fieldKind === "map" ? MAX_ENTRY_BYTES : MAX_FIELD_BYTES

/** Throws TooMuch; what is no message is refused here, too, or by the decoder. */
export const measure = (schema: DescMessage, bytes: Uint8Array): void => {
  // What is shorter than one name may be, breaks no limit.
  if (bytes.length <= MAX_NAME_BYTES) return
  const kinds = fieldsOf(schema)
  const counts = new Map<number, number>()
  const reader = new BinaryReader(bytes)
  const inside = new Inside(reader)
  while (reader.pos < bytes.length) {
    const [number, wireType] = reader.tag()
    const field = kinds.get(number)
    // All that nobody knows is one: a message may be made of it, too.
    const counted = field === undefined ? 0 : number
    const sum = (counts.get(counted) ?? 0) + 1
    counts.set(counted, sum)
    if (sum > MAX_NAMES) throw new TooMuch(`more than ${MAX_NAMES} ${field?.name ?? "unknown fields"} in one request`)
    if (field === undefined) {
      reader.skip(wireType, number)
      continue
    }
    // All that these messages have is delimited.
    expect(wireType === WireType.LengthDelimited)
    const at = reader.pos
    const length = reader.uint32()
    const most = mostBytesOf(field)
    if (length > most) throw new TooMuch(`one of ${field.name} has more than ${most} bytes`)
    reader.pos = at
    inside.value(field, wireType, 0)
  }
}
