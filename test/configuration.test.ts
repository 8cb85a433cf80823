// docs/configuration.md names every variable that the programs read, and no other.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { tokenControllerConfig } from "../src/cli/tokenController.ts"
import { fromEnvironment } from "../src/cp/config/fromEnvironment.ts"

const root = join(import.meta.dirname, "..")
const read = (document: string): string => readFileSync(join(root, document), "utf8")

const [control = "", token = ""] = read("docs/configuration.md").split("## Token controller by itself")

/** The names in the first columns of the tables. */
const tabled = (text: string): ReadonlyArray<string> =>
  text.split("\n").filter((line) => line.startsWith("| `")).flatMap((line) =>
    [...(line.split("|")[1] ?? "").matchAll(/`([A-Z0-9_]+)`/g)].map(([, name = ""]) => name)
  )

/** What is asked of an environment in which nothing is set but dataplane tokens are kept. */
const asked = (ask: (variables: Readonly<Record<string, string>>) => unknown): ReadonlySet<string> => {
  const names = new Set<string>()
  const variables: Record<string, string> = { ECS_MESH_SECRET_NAME_PREFIX: "mesh" }
  ask(new Proxy(variables, {
    get: (target, name) => {
      names.add(String(name))
      return Reflect.get(target, name)
    }
  }))
  return names
}

const ofServe = asked((variables) => fromEnvironment(variables, { aws: true }))

it("each variable of the operator and the control plane stands on the page once, and no other", () => {
  expect(tabled(control).toSorted()).toEqual([...ofServe].toSorted())
})

it("so does each that the token controller reads beside them", () => {
  const own = [...asked(tokenControllerConfig)].filter((name) => !ofServe.has(name))
  expect(tabled(token).toSorted()).toEqual(own.toSorted())
})

it("what the README names of them is what they are called", () => {
  const named = tabled(read("README.md"))
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((name) => !ofServe.has(name))).toEqual([])
})
