// Changes one leaf of a value of JSON, chosen by a number.
type Path = ReadonlyArray<string | number>

const leavesOf = (value: unknown, path: Path = []): ReadonlyArray<Path> => {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, index]))
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]))
  }
  return [path]
}

const other = (leaf: unknown): unknown => {
  if (typeof leaf === "string") return `${leaf}x`
  if (typeof leaf === "number") return leaf + 1
  if (typeof leaf === "boolean") return !leaf
  return "x"
}

const put = (value: unknown, [step, ...rest]: Path): unknown => {
  if (step === undefined) return other(value)
  if (Array.isArray(value)) return value.map((item, index) => index === step ? put(item, rest) : item)
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([name, member]) => [name, name === step ? put(member, rest) : member])
  )
}

export interface Altered {
  readonly value: Readonly<Record<string, unknown>>
  readonly path: Path
}

export const alterLeaf = (value: Readonly<Record<string, unknown>>, choice: number): Altered => {
  const leaves = leavesOf(value)
  const path = leaves[choice % leaves.length] ?? []
  return { value: Object(put(value, path)), path }
}
