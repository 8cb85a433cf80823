/** Reads single settings, flags before environment, and keeps every problem with what to set. */
import { parseDuration } from "../model/parseDuration.ts"

export class Settings {
  readonly problems: Array<string> = []
  readonly #values: Readonly<Record<string, string | undefined>>

  constructor(values: Readonly<Record<string, string | undefined>>) {
    this.#values = values
  }

  /** The value without surrounding white space, or null where it's unset or blank. */
  optional(name: string): string | null {
    const value = this.#values[name]?.trim()
    return value === undefined || value === "" ? null : value
  }

  text(name: string, otherwise: string): string {
    return this.optional(name) ?? otherwise
  }

  integer(name: string, otherwise: number, min: number, max: number): number {
    const value = this.optional(name)
    if (value === null) return otherwise
    if (/^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value)
    this.problems.push(`${name}: must be a whole number from ${min} to ${max}, but is "${value}"`)
    return otherwise
  }

  flag(name: string): boolean {
    const value = this.optional(name)
    if (value === null || /^(false|0|f)$/i.test(value)) return false
    if (/^(true|1|t)$/i.test(value)) return true
    this.problems.push(`${name}: must be true or false, but is "${value}"`)
    return false
  }

  /** Milliseconds of a duration such as `30s`, `1m30s`, `500ms`. */
  duration(name: string, otherwiseMillis: number): number {
    const value = this.optional(name)
    if (value === null) return otherwiseMillis
    const millis = parseDuration(value)
    if (millis !== undefined && millis > 0) return millis
    this.problems.push(`${name}: must be a duration above zero such as 30s or 1m30s, but is "${value}"`)
    return otherwiseMillis
  }

  oneOf<const T extends string>(name: string, values: ReadonlyArray<T>, otherwise: T): T {
    const value = this.optional(name)
    const found = values.find((allowed) => allowed === (value ?? otherwise))
    if (found !== undefined) return found
    this.problems.push(`${name}: must be one of ${values.join(", ")}, but is "${value}"`)
    return otherwise
  }
}
