import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"

const deploy = join(import.meta.dirname, "..", "deploy")
const read = (file: string): string => readFileSync(join(deploy, file), "utf8")

/** Every `Action` below a value. */
const actionsIn = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap(actionsIn)
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, below]) =>
    key === "Action" ? [below].flat().map(String) : actionsIn(below)
  )
}

/** Every detail-type below a value. */
const detailTypesIn = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap(detailTypesIn)
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, below]) =>
    key === "detail-type" ? [below].flat().map(String) : detailTypesIn(below)
  )
}

describe("the archive", () => {
  it("keeps every kind of event that a rule matches", () => {
    const { Archive, ...others } = (parse(read("events.yaml"), { logLevel: "silent" }) as {
      Resources: Readonly<Record<string, unknown>>
    }).Resources
    const matched = new Set(detailTypesIn(Object.values(others)))
    expect(matched.size).toBeGreaterThanOrEqual(5)
    expect(new Set(detailTypesIn(Archive))).toEqual(matched)
  })
})

describe("what the control plane's role is allowed", () => {
  it("is the same in the policy that the tests enforce and in the stack", () => {
    // CloudFormation's own tags are left as they are.
    const stack = parse(read("controlplane.yaml"), { logLevel: "silent" }) as {
      Resources: { TaskRole: { Properties: { Policies: unknown } } }
    }
    const inStack = new Set(actionsIn(stack.Resources.TaskRole.Properties.Policies))
    const documented = new Set(actionsIn(JSON.parse(read("iam-operator-policy.json"))))
    expect(inStack).toEqual(documented)
  })
})
