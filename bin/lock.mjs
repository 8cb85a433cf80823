// A lock between processes: a file that holds the number of the process that has it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { setTimeout as delay } from "node:timers/promises"

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === "EPERM"
  }
}

/** Runs `work` while no other process holds `file`; waits for a holder that lives, and removes what a dead one left. */
export const withLock = async (file, work) => {
  mkdirSync(dirname(file), { recursive: true })
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" })
      break
    } catch (error) {
      if (error.code !== "EEXIST") throw error
    }
    try {
      const holder = Number(readFileSync(file, "utf8"))
      // An empty file belongs to a holder that is about to write its number.
      if (holder > 0 && !isAlive(holder)) rmSync(file, { force: true })
    } catch (error) {
      if (error.code !== "ENOENT") throw error
    }
    await delay(100)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}
