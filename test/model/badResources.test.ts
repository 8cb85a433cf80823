/**
 * What users get wrong, by type: each case of contract/badResources is answered as the golden of its file says.
 * scripts/compare-with-kuma.ts sends the cases to a control plane of Kuma's, too.
 */
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { decodeResource } from "../../src/model/decodeResource.ts"
import { validateGivenLabels } from "../../src/model/validate/validateComputedLabels.ts"
import { validateResource } from "../../src/model/validate/validateResource.ts"
import { warnResource } from "../../src/model/validate/warnResource.ts"
import { violationText } from "../../src/model/Violation.ts"
import { BAD_RESOURCES, badResourceFiles, type Body, readBadResources } from "../contract/readBadResources.ts"

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
  it.each(badResourceFiles)("in a %s is answered with reasons", async (file) => {
    const answers = readBadResources(file).map(({ body, says }) => [says, answer(body)] as const)
    await expect(stringify(Object.fromEntries(answers), { lineWidth: 0 })).toMatchFileSnapshot(
      join(BAD_RESOURCES, "answers", `${file}.yaml`)
    )
  })

  it("is more than two hundred cases", () => {
    expect(badResourceFiles.flatMap(readBadResources).length).toBeGreaterThan(200)
  })
})
