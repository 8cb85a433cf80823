/**
 * Ends Envoy when this program dies without a chance to (SIGKILL, out of memory). In a container the kernel does that,
 * as the sidecar is its first process; where tasks are plain processes on one host nobody would.
 * A shell waits for the end of a pipe that only we hold open: however we end, it closes.
 */
import { spawn } from "node:child_process"
import type { Log } from "./Log.ts"

const SCRIPT = 'read -r _; kill -TERM "$1" 2>/dev/null; sleep 2; kill -KILL "$1" 2>/dev/null'

/** Returns how to end the watch; it must be called as soon as Envoy is gone, before its id is used anew. */
export const watchOver = (pid: number, log: Log): (() => void) => {
  const watcher = spawn("/bin/sh", ["-c", SCRIPT, "ecs-mesh-watch", String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  // Images without a shell have the sidecar as first process, so nothing is lost.
  watcher.once("error", (error) => log.info("no shell to watch over Envoy", { error: error.message }))
  watcher.stdin.on("error", () => undefined)
  watcher.unref()
  return () => {
    watcher.kill("SIGKILL")
  }
}
