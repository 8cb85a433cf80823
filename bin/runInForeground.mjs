// Runs a child as if it were this process: its streams are ours, it gets our signals, and its exit is what we return.
import { spawn } from "node:child_process"
import { constants } from "node:os"

export const runInForeground = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: "inherit" })
    // A terminal sends Ctrl-C to both of us; sent twice, it would mean "at once" to the child.
    const onInterrupt = () => { if (!process.stdin.isTTY) child.kill("SIGINT") }
    const onTerminate = () => child.kill("SIGTERM")
    process.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate).on("SIGHUP", onTerminate)
    child.once("error", reject)
    child.once("exit", (code, signal) => {
      process.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate).off("SIGHUP", onTerminate)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
