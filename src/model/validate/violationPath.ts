/** Builds the paths of violations as Kuma writes them: `networking.inbound[0].tags["kuma.io/service"]`. */
import type { Violation } from "../Violation.ts"

/** `name` under `path`; either may be empty. */
export const field = (path: string, name: string): string =>
  path === "" ? name : name === "" ? path : name.startsWith("[") ? `${path}${name}` : `${path}.${name}`

export const key = (path: string, name: string): string => `${path}["${name}"]`

/** One violation where `broken`, else none. */
export const violationIf = (broken: boolean, path: string, message: string): ReadonlyArray<Violation> =>
  broken ? [{ field: path, message }] : []

/** What `judge` finds wrong with each item, at `path[index]`. */
export const inEach = <A>(
  path: string,
  items: ReadonlyArray<A> | undefined,
  judge: (item: A, path: string, index: number) => ReadonlyArray<Violation>
): ReadonlyArray<Violation> => (items ?? []).flatMap((item, index) => judge(item, `${path}[${index}]`, index))
