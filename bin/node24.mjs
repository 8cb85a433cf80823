// Which Node runs the product: the one that npm installed with it, else the host's when that is new enough.
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("..", import.meta.url))

const packaged = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url))

/** The path of a Node 24 or newer; throws with what to do when there is none. */
export const node24 = () => {
  if (existsSync(packaged)) {
    const version = execFileSync(packaged, ["--version"], { encoding: "utf8" }).trim()
    if (Number(version.slice(1).split(".")[0]) >= 24) return { path: packaged, version }
  }
  if (Number(process.versions.node.split(".")[0]) >= 24) return { path: process.execPath, version: process.version }
  throw new Error(
    `No Node 24 for ${process.platform}-${process.arch}: npm carries one for linux-x64 and linux-arm64 (glibc). ` +
      `This is Node ${process.versions.node}; install Node 24 or newer and run this again with it.`
  )
}
