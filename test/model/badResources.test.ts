/**
 * What users get wrong, by type: each case of contract/badResources is answered as the golden of its file says. The
 * cases were sent to a control plane of Kuma 2.14.3, too; docs/kuma-differences.md says where the answers differ.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { decodeResource } from "../../src/model/decodeResource.ts"
import { parseYaml } from "../../src/model/parseYaml.ts"
import { descriptors, isResourceType } from "../../src/model/ResourceDescriptor.ts"
import { validateGivenLabels } from "../../src/model/validate/validateComputedLabels.ts"
import { validateResource } from "../../src/model/validate/validateResource.ts"
import { warnResource } from "../../src/model/validate/warnResource.ts"
import { violationText } from "../../src/model/Violation.ts"

const CASES = join(import.meta.dirname, "../contract/badResources")

type Body = Readonly<Record<string, unknown>>

const isBody = (value: unknown): value is Body => typeof value === "object" && value !== null

const read = (file: string): ReadonlyArray<readonly [says: string, body: Body]> => {
  const parsed = parseYaml(readFileSync(join(CASES, file), "utf8"))
  if ("problems" in parsed) throw new Error(parsed.problems.join("\n"))
  const [cases] = parsed.values
  return Object.entries(Object(cases)).map(([says, body]) => [says, isBody(body) ? body : {}] as const)
}

/** A case leaves out what all have in common: its type is its file's, its mesh `default`, its name `a`. */
const whole = (fileType: string, body: Body): Body => {
  const type = typeof body["type"] === "string" ? body["type"] : fileType
  const isInMesh = isResourceType(type) && descriptors[type].scope === "Mesh"
  return { type, ...(isInMesh ? { mesh: "default" } : {}), name: "a", ...body }
}

const answer = (input: Body) => {
  const decoded = decodeResource(input)
  if ("violations" in decoded) return { refused: decoded.violations.map(violationText) }
  const { resource, warnings } = decoded
  const violations = [...validateGivenLabels(resource, "default"), ...validateResource(resource)]
  return violations.length > 0
    ? { refused: violations.map(violationText) }
    : { accepted: [...warnings, ...warnResource(resource)].map(violationText) }
}

describe("what users get wrong", () => {
  const types = readdirSync(CASES).filter((file) => file.endsWith(".yaml")).map((file) => file.replace(".yaml", ""))

  it.each(types)("in a %s is answered with reasons", async (type) => {
    const answers = read(`${type}.yaml`).map(([says, body]) => [says, answer(whole(type, body))] as const)
    await expect(stringify(Object.fromEntries(answers), { lineWidth: 0 })).toMatchFileSnapshot(
      join(CASES, "answers", `${type}.yaml`)
    )
  })

  it("is more than two hundred cases", () => {
    expect(types.flatMap((type) => read(`${type}.yaml`)).length).toBeGreaterThan(200)
  })
})
