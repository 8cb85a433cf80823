/** Lines of a stream, ended by a line feed alone: what else ends lines elsewhere may stand in one of Envoy's. */
import type { Readable } from "node:stream"

/** A line that grows beyond this, in characters, is told as several. */
const MAX_LINE = 1_048_576

export const forEachLine = (stream: Readable, tell: (line: string) => void): void => {
  let rest = ""
  stream.setEncoding("utf8")
  stream.on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) tell(line.endsWith("\r") ? line.slice(0, -1) : line)
    if (rest.length > MAX_LINE) {
      tell(rest)
      rest = ""
    }
  })
  stream.on("end", () => {
    if (rest !== "") tell(rest)
  })
}
