import { readFileSync } from "node:fs"

/** Clock ticks a second that Linux counts processes in. */
const TICKS = 100

/** User and system time of a process so far; NaN where there is no /proc. */
export const cpuSeconds = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
    return (Number(fields[11]) + Number(fields[12])) / TICKS
  } catch {
    return NaN
  }
}
