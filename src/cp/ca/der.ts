/**
 * As much of DER as a workload's certificate is written with: the libraries that write all of X.509 take thirty times
 * as long as making the key and signing with it. https://www.itu.int/rec/T-REC-X.690
 */

const lengthOf = (length: number): Buffer => {
  if (length < 0x80) return Buffer.from([length])
  const octets = Math.ceil((32 - Math.clz32(length)) / 8)
  const bytes = Buffer.alloc(1 + octets, 0x80 | octets)
  bytes.writeUIntBE(length, 1, octets)
  return bytes
}

/** One element: an identifier octet, a length, and its contents. */
export const element = (identifier: number, ...contents: ReadonlyArray<Uint8Array>): Buffer => {
  const length = contents.reduce((sum, { byteLength }) => sum + byteLength, 0)
  return Buffer.concat([Buffer.from([identifier]), lengthOf(length), ...contents])
}

export const sequence = (...contents: ReadonlyArray<Uint8Array>): Buffer => element(0x30, ...contents)

/** `[number]` around other elements. */
export const explicit = (number: number, ...contents: ReadonlyArray<Uint8Array>): Buffer =>
  element(0xa0 | number, ...contents)

export const octetString = (contents: Uint8Array): Buffer => element(0x04, contents)

/** A string of bits that fill its octets. */
export const bitString = (contents: Uint8Array): Buffer => element(0x03, Buffer.from([0]), contents)

/** From the big-endian octets of a number above zero whose first octet is neither 0 nor above 0x7f. */
export const integer = (octets: Uint8Array): Buffer => element(0x02, octets)

/**
 * "CAs conforming to this profile MUST always encode certificate validity dates through the year 2049 as UTCTime;
 * certificate validity dates in 2050 or later MUST be encoded as GeneralizedTime."
 * https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5
 */
export const time = (millis: number): Buffer => {
  const digits = new Date(millis).toISOString().slice(0, 19).replaceAll(/\D/g, "")
  return digits < "2050" && digits >= "1950"
    ? element(0x17, Buffer.from(`${digits.slice(2)}Z`, "latin1"))
    : element(0x18, Buffer.from(`${digits}Z`, "latin1"))
}

/** RFC 7468: 64 characters a line. */
export const pem = (label: string, der: Uint8Array): string => {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n")
}
