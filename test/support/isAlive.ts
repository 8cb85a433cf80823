import { readFileSync } from "node:fs"

/**
 * Whether a process runs. One that has ended stays in the table until whoever inherited it takes note, which may take a
 * busy machine's init a while: it can still be signalled, and doesn't run.
 */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // "pid (name) state ...", where the name may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    return !/^\) [ZX]/.test(stat.slice(stat.lastIndexOf(")")))
  } catch {
    // No Linux, or gone just now.
    return process.platform !== "linux"
  }
}
