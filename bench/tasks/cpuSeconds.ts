import { readdirSync, readFileSync } from "node:fs"

/** Clock ticks a second that Linux counts processes in. */
const TICKS = 100

/** Of all that ever ran in it, in ticks: too coarse to say what idling takes in a second. */
const ticked = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** Of the threads that there are, to the nanosecond; 0 of one that ends meanwhile, or where the kernel doesn't say. */
const ran = (pid: number, thread: string): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e9
  } catch {
    return 0
  }
}

/** User and system time of a process so far; NaN where there is no /proc. */
export const cpuSeconds = (pid: number): number => {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return Math.max(ticked(pid), threads.reduce((sum, thread) => sum + ran(pid, thread), 0))
  } catch {
    return NaN
  }
}
