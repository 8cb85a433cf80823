/** Reads what a journal's entry holds, which may be of any version. Pure. */
import { Predicate } from "effect"

/** What stands at the end of a path of names; undefined where nothing does. */
export const at = (value: unknown, ...path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((within, name) => Predicate.hasProperty(within, name) ? within[name] : undefined, value)

export const textAt = (value: unknown, ...path: ReadonlyArray<string>): string | null => {
  const found = at(value, ...path)
  return Predicate.isString(found) ? found : null
}

export const listAt = (value: unknown, ...path: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

export const numberAt = (value: unknown, ...path: ReadonlyArray<string>): number | null => {
  const found = at(value, ...path)
  return Predicate.isNumber(found) ? found : null
}
