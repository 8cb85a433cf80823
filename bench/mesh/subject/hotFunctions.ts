/** What of V8's CPU profile is read. */
export interface Profile {
  readonly nodes: ReadonlyArray<{
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }>
  readonly samples: ReadonlyArray<number>
  /** Microseconds between samples. */
  readonly timeDeltas: ReadonlyArray<number>
}

export interface HotFunction {
  readonly name: string
  readonly millis: number
}

/** The functions that took the most time themselves. Pure. */
export const hotFunctions = ({ nodes, samples, timeDeltas }: Profile, count: number): ReadonlyArray<HotFunction> => {
  const names = new Map(nodes.map(({ callFrame: { functionName, lineNumber, url }, id }) => {
    const file = url.replace(/^file:\/\//, "").split("/").slice(-3).join("/")
    return [id, `${functionName || "(anonymous)"} ${file}:${lineNumber + 1}`]
  }))
  const millis = new Map<string, number>()
  samples.forEach((id, place) => {
    const name = names.get(id) ?? ""
    millis.set(name, (millis.get(name) ?? 0) + (timeDeltas[place] ?? 0) / 1_000)
  })
  return [...millis]
    .filter(([name]) => !name.startsWith("(idle)"))
    .map(([name, millis]) => ({ name, millis: Math.round(millis) }))
    .sort((a, b) => b.millis - a.millis)
    .slice(0, count)
}
