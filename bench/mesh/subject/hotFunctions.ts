/** Where the time of a CPU profile went. Pure. */

/** What of V8's CPU profile is read. */
export interface Profile {
  readonly nodes: ReadonlyArray<{
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: ReadonlyArray<number>
  }>
  readonly samples: ReadonlyArray<number>
  /** Microseconds between samples. */
  readonly timeDeltas: ReadonlyArray<number>
}

export interface HotFunction {
  readonly name: string
  readonly millis: number
}

/** Of the project itself: what libraries and Node take is its caller's. */
const isOwn = (url: string): boolean => url.startsWith("file://") && !url.includes("/node_modules/")

const nameOf = ({ functionName, lineNumber, url }: Profile["nodes"][number]["callFrame"]): string => {
  const name = functionName || "(anonymous)"
  return url === "" ? name : `${name} ${url.split("/").slice(-3).join("/")}:${lineNumber + 1}`
}

/**
 * The project's functions that took the most time, each with all that it called outside of the project; what no such
 * function called, as the garbage collector, goes by its own name.
 */
export const hotFunctions = ({ nodes, samples, timeDeltas }: Profile, count: number): ReadonlyArray<HotFunction> => {
  const parents = new Map(nodes.flatMap(({ children = [], id }) => children.map((child) => [child, id] as const)))
  const frames = new Map(nodes.map(({ callFrame, id }) => [id, callFrame]))
  const names = new Map(nodes.map(({ callFrame, id }) => {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = frames.get(at)
      if (frame !== undefined && isOwn(frame.url)) return [id, nameOf(frame)]
    }
    return [id, nameOf(callFrame)]
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
