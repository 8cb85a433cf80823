// docs/reasons.md explains every reason that a task's conditions may have.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const root = join(import.meta.dirname, "..")

/** Where conditions are concluded; events, queues, replays and secrets have words of their own. */
const FOLDERS = ["src/controllers/dataplane", "src/controllers/ingress", "src/controllers/egress",
  "src/controllers/lifecycle", "src/model/tagrules"]

const code = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => readFileSync(join(root, folder, name), "utf8"))
).join("\n")

/** Words of the same form that aren't reasons: resource types, a condition's type, errors and causes of a decision. */
const NOT_REASONS = new Set([
  "EcsTask", "OutboundPort", "ZoneIngress", "ZoneEgress", "DataplaneInsight", "ZoneIngressInsight", "ZoneEgressInsight",
  "SidecarConnected", "AwsCallFailed", "NotFound", "StoreUnavailable", "NotReady", "PartlyReady", "TaskStopped",
  "TaskStopping"
])

const said = new Set(
  [...code.matchAll(/"([A-Z][a-z]+(?:[A-Z][a-z]+)+)"/g)].map(([, word = ""]) => word).filter((word) =>
    !NOT_REASONS.has(word)
  )
)

const explained = readFileSync(join(root, "docs", "reasons.md"), "utf8").split("\n")
  .filter((line) => line.startsWith("| `") || line.startsWith("`"))
  .flatMap((line) =>
    [...(line.split("|")[line.startsWith("|") ? 1 : 0] ?? "").matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, word = ""]) => word)
  )

it("every reason that the code gives is explained", () => {
  expect(said.size).toBeGreaterThan(30)
  expect([...said].filter((reason) => !explained.includes(reason))).toEqual([])
})

it("every reason that is explained is one that the code gives, and stands there once", () => {
  expect(explained.filter((reason) => !code.includes(`"${reason}"`))).toEqual([])
  expect(new Set(explained).size).toBe(explained.length)
})
