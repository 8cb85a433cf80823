/**
 * Which test files need a process of their own. Most only call functions: they share processes, in which the code is
 * loaded once. One that starts programs, changes the environment, replaces modules, or counts what all of its process
 * did, stays alone, also where one of its helpers does it.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..", "..")

const HELPER = /^(?:import|export)(?! type)[^"]*from "(\.[^"]+)"/gm
const ALONE = new RegExp([
  /from "node:child_process"/,
  /process\.env\[[^\]]+\] = |Object\.assign\(process\.env/,
  /vi\.mock\(/,
  /PrometheusMetrics|renderMetrics|\bMetric\.|Diagnostics\.ts"|spyOn\(Client\.prototype/
].map(({ source }) => source).join("|"))

/** The tests' own, and what starts the demo's world; what the rest of the product does is what is tested. */
const HELPERS = ["test", "localstack", join("src", "cli", "demo")].map((folder) => `${join(root, folder)}/`)
const isHelper = (file: string): boolean => HELPERS.some((folder) => file.startsWith(folder))

interface Read {
  readonly alone: boolean
  readonly helpers: ReadonlyArray<string>
}

/** Paths from the root. */
export const filesAlone = (): ReadonlyArray<string> => {
  const known = new Map<string, Read>()
  const read = (file: string): Read => {
    const found = known.get(file)
    if (found !== undefined) return found
    const text = file.endsWith(".ts") ? readFileSync(file, "utf8") : ""
    const helpers = [...text.matchAll(HELPER)].map(([, path = ""]) => resolve(dirname(file), path)).filter(isHelper)
    const one = { alone: ALONE.test(text), helpers }
    known.set(file, one)
    return one
  }
  const isAlone = (file: string): boolean => {
    const reached = new Set([file])
    for (const one of reached) {
      const { alone, helpers } = read(one)
      if (alone) return true
      for (const helper of helpers) reached.add(helper)
    }
    return false
  }
  return readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .map((file) => join("test", file))
    .filter((file) => file.endsWith(".test.ts") && isAlone(join(root, file)))
}
