/**
 * Reads single settings from environment variables and keeps every problem, so that all of them are
 * told at once, each by the name of its variable.
 */
import { isIP } from "node:net"
import { isAbsolute } from "node:path"
import { parseDuration } from "../../model/parseDuration.ts"
import { isAddress } from "../../model/validate/validateAddress.ts"

export class Environment {
  readonly problems: Array<string> = []
  readonly #asked = new Set<string>()
  readonly #variables: Readonly<Record<string, string | undefined>>

  constructor(variables: Readonly<Record<string, string | undefined>>) {
    this.#variables = variables
  }

  /** The value, or null where it's unset or empty. */
  optional(name: string): string | null {
    this.#asked.add(name)
    const value = this.#variables[name]
    return value === undefined || value === "" ? null : value
  }

  /** Null where it's unset. */
  absolutePath(name: string): string | null {
    const path = this.optional(name)
    if (path === null || isAbsolute(path)) return path
    this.problems.push(`${name}: must be an absolute path, but is "${path}"`)
    return null
  }

  /** Whether it is there at all, were it empty. */
  isSet(name: string): boolean {
    this.#asked.add(name)
    return this.#variables[name] !== undefined
  }

  /** Variables that are set, look as if they were meant for us, and were never asked for. */
  unused(prefixes: ReadonlyArray<string>): ReadonlyArray<string> {
    return Object.keys(this.#variables)
      .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)) && !this.#asked.has(name))
      .sort()
  }

  text(name: string, otherwise: string): string {
    return this.optional(name) ?? otherwise
  }

  list(name: string): ReadonlyArray<string> {
    return (this.optional(name) ?? "").split(",").map((item) => item.trim()).filter((item) => item !== "")
  }

  integer(name: string, otherwise: number, min: number, max: number): number {
    const value = this.optional(name)
    if (value === null) return otherwise
    const number = Number(value)
    if (/^\d+$/.test(value) && number >= min && number <= max) return number
    this.problems.push(`${name}: must be a whole number from ${min} to ${max}, but is "${value}"`)
    return otherwise
  }

  /** 0 takes any free port. */
  port(name: string, otherwise: number): number {
    return this.integer(name, otherwise, 0, 65_535)
  }

  /** An IP address, without brackets, or a name. */
  address(name: string, otherwise: string): string {
    const value = this.optional(name)
    if (value === null) return otherwise
    if (isIP(value) !== 0 || isAddress(value)) return value
    this.problems.push(
      `${name}: must be an address of this machine such as 127.0.0.1 or ::1, without a port, but is "${value}"`
    )
    return otherwise
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.optional(name)
    if (value === null) return otherwise
    if (/^(true|1|t)$/i.test(value)) return true
    if (/^(false|0|f)$/i.test(value)) return false
    this.problems.push(`${name}: must be true or false, but is "${value}"`)
    return otherwise
  }

  oneOf<const T extends string>(name: string, values: ReadonlyArray<T>, otherwise: T): T {
    const value = this.optional(name)
    if (value === null) return otherwise
    const found = values.find((allowed) => allowed === value)
    if (found !== undefined) return found
    this.problems.push(`${name}: must be one of ${values.join(", ")}, but is "${value}"`)
    return otherwise
  }

  millis(name: string, otherwise: number): number {
    const value = this.optional(name)
    if (value === null) return otherwise
    const millis = parseDuration(value)
    if (millis !== undefined && millis >= 0) return millis
    this.problems.push(`${name}: must be a duration such as 10s or 1m30s, but is "${value}"`)
    return otherwise
  }

  /** A certificate and its key, or null where neither is set. */
  pair(certName: string, keyName: string): { readonly certFile: string; readonly keyFile: string } | null {
    const certFile = this.optional(certName)
    const keyFile = this.optional(keyName)
    if (certFile !== null && keyFile !== null) return { certFile, keyFile }
    if (certFile !== null || keyFile !== null) this.problems.push(`${certName} and ${keyName}: set both or none`)
    return null
  }

  /** `key=value` pairs, separated by commas. */
  pairs(name: string): Readonly<Record<string, string>> {
    const pairs: Record<string, string> = {}
    for (const item of this.list(name)) {
      const at = item.indexOf("=")
      if (at > 0) pairs[item.slice(0, at)] = item.slice(at + 1)
      else this.problems.push(`${name}: must be key=value pairs separated by commas, but has "${item}"`)
    }
    return pairs
  }
}
