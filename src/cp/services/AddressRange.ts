/** A network that virtual addresses are taken from. Pure. */
import { createHash } from "node:crypto"
import { isIpv4 } from "../../model/isIpAddress.ts"

export interface AddressRange {
  readonly cidr: string
  /** Of the network itself, as a number. */
  readonly first: number
  /** How many addresses it has, those included that are never given. */
  readonly size: number
}

const toNumber = (address: string): number =>
  address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0)

const toText = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".")

/** Undefined for what isn't an IPv4 network of two addresses to give at least. */
export const parseRange = (cidr: string): AddressRange | undefined => {
  const [, address = "", bits = ""] = /^([\d.]+)\/(\d{1,2})$/.exec(cidr) ?? []
  const length = Number(bits)
  if (!isIpv4(address) || bits === "" || length > 30) return undefined
  const size = 2 ** (32 - length)
  return { cidr, first: Math.floor(toNumber(address) / size) * size, size }
}

export const isIn = ({ first, size }: AddressRange, address: string): boolean =>
  isIpv4(address) && toNumber(address) >= first && toNumber(address) < first + size

export const overlap = (one: AddressRange, other: AddressRange): boolean =>
  one.first < other.first + other.size && other.first < one.first + one.size

const LOOPBACK = parseRange("127.0.0.0/8")

/** Whether a process may listen on all of its addresses without anything being set up on its host. */
export const isLoopback = ({ first, size }: AddressRange): boolean =>
  LOOPBACK !== undefined && first >= LOOPBACK.first && first + size <= LOOPBACK.first + LOOPBACK.size

/** 127.0.0.0/24 is where workloads, proxies and resolvers listen already. */
const RESERVED = { first: toNumber("127.0.0.0"), size: 256 }

const isGivable = ({ first, size }: AddressRange, address: number): boolean =>
  address !== first && address !== first + size - 1 &&
  (address < RESERVED.first || address >= RESERVED.first + RESERVED.size)

/** Whether some service may have it. */
export const mayBeGiven = (range: AddressRange, address: string): boolean =>
  isIn(range, address) && isGivable(range, toNumber(address))

/** How many addresses can be given in all. */
export const capacity = (range: AddressRange): number => {
  const from = Math.max(range.first + 1, RESERVED.first)
  const to = Math.min(range.first + range.size - 1, RESERVED.first + RESERVED.size)
  return range.size - 2 - Math.max(0, to - from)
}

/** Addresses that somebody has, of this range and of others. */
export interface Taken {
  readonly has: (address: string) => boolean
  /** How many of those that can be given somebody has, at least. */
  readonly countIn: (range: AddressRange) => number
}

/**
 * The first free address from a hash of `seed` on, round about; null where none is free. So a service has the same
 * address in every zone, and after the loss of a database, unless another came first.
 */
export const freeAddress = (range: AddressRange, seed: string, taken: Taken): string | null => {
  // Nobody walks over a full range to find out that it is.
  if (taken.countIn(range) >= capacity(range)) return null
  const start = createHash("sha256").update(seed).digest().readUInt32BE(0) % range.size
  for (let step = 0; step < range.size; step++) {
    const address = range.first + (start + step) % range.size
    if (isGivable(range, address) && !taken.has(toText(address))) return toText(address)
  }
  return null
}
