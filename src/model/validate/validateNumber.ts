/** Numbers and durations in policies, in the words of Kuma's validators. Where nothing is said nothing is wrong. */
import { parseDuration } from "../parseDuration.ts"
import type { Violation } from "../Violation.ts"
import { violationIf } from "./violationPath.ts"

const MAX_UINT32 = 2 ** 32 - 1

export const notADuration = (text: string): string =>
  `must be a duration such as 5s, 250ms or 1h30m, not "${text}"`

/** `judge`: what is wrong with so many milliseconds, if anything. */
export const validateDuration = (
  path: string,
  text: string | undefined,
  judge: (millis: number) => string | undefined = () => undefined
): ReadonlyArray<Violation> => {
  if (text === undefined) return []
  const millis = parseDuration(text)
  const message = millis === undefined ? notADuration(text) : judge(millis)
  return message === undefined ? [] : [{ field: path, message }]
}

export const notNegative = (millis: number): string | undefined =>
  millis < 0 ? "must not be negative when defined" : undefined

export const greaterThanZero = (millis: number): string | undefined =>
  millis <= 0 ? "must be greater than zero when defined" : undefined

/** A whole number of at least `min` that fits into Envoy's fields. */
export const validateWhole = (path: string, value: number | undefined, min: number): ReadonlyArray<Violation> => {
  if (value === undefined) return []
  if (!Number.isInteger(value)) return [{ field: path, message: "in body must be of type integer: \"number\"" }]
  return [
    ...violationIf(value < min, path, min === 1 ? "must be greater than 0"
      : `in body should be greater than or equal to ${min}`),
    ...violationIf(value > MAX_UINT32, path, `in body should be less than or equal to ${MAX_UINT32}`)
  ]
}

export const validateWholePercentage = (path: string, value: number | undefined): ReadonlyArray<Violation> =>
  value !== undefined && Number.isInteger(value) && (value < 0 || value > 100)
    ? [{ field: path, message: "must be in inclusive range [0, 100]" }]
    : validateWhole(path, value, 0)

/** Of a number or a decimal number as text; undefined where it is neither. */
export const decimalOf = (value: number | string): number | undefined => {
  if (typeof value === "number") return value
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value) ? Number(value) : undefined
}

export const validatePercentage = (path: string, value: number | string | undefined): ReadonlyArray<Violation> => {
  if (value === undefined) return []
  const percentage = decimalOf(value)
  if (percentage === undefined) return [{ field: path, message: "string must be a valid number" }]
  return violationIf(percentage < 0 || percentage > 100, path, "must be in inclusive range [0.0, 100.0]")
}
