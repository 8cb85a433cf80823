/**
 * Each file of golden/model/resources is read and written again; each NAME.in.yaml of golden/model/violations is
 * refused with exactly the violations of NAME.out.yaml.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { decodeResource } from "../../src/model/decodeResource.ts"
import { parseYaml } from "../../src/model/parseYaml.ts"
import { renderYaml } from "../../src/model/renderYaml.ts"
import { resourceTypes } from "../../src/model/ResourceDescriptor.ts"
import { validateResource } from "../../src/model/validate/validateResource.ts"

const GOLDEN = join(import.meta.dirname, "../golden/model")

const read = (path: string): unknown => {
  const parsed = parseYaml(readFileSync(join(GOLDEN, path), "utf8"))
  if ("problems" in parsed) throw new Error(parsed.problems.join("\n"))
  return parsed.values[0]
}

const violationsOf = (input: unknown) => {
  const decoded = decodeResource(input)
  return "violations" in decoded ? decoded.violations : validateResource(decoded.resource)
}

describe("resources in Kuma's YAML", () => {
  const files = readdirSync(join(GOLDEN, "resources"))

  it.each(files)("%s is written as it was read", (file) => {
    const input = read(`resources/${file}`)
    const decoded = decodeResource(input)
    if ("violations" in decoded) throw new Error(JSON.stringify(decoded.violations))
    expect(validateResource(decoded.resource)).toEqual([])
    const parsed = parseYaml(renderYaml([decoded.resource]))
    // As text, so that the order of fields counts.
    expect(JSON.stringify("values" in parsed ? parsed.values : parsed)).toBe(JSON.stringify([input]))
  })

  it("cover every type that users write", () => {
    const readOnly = ["DataplaneInsight", "ZoneIngressInsight", "ZoneEgressInsight", "EcsTask", "ServiceAddress"]
    const covered = new Set(files.map((file) => Object.entries(read(`resources/${file}`) ?? {})[0]?.[1]))
    expect(resourceTypes.filter((type) => !covered.has(type))).toEqual(readOnly)
  })
})

describe("what isn't a valid resource", () => {
  const names = readdirSync(join(GOLDEN, "violations"))
    .filter((file) => file.endsWith(".in.yaml"))
    .map((file) => file.replace(".in.yaml", ""))

  it.each(names)("%s is refused with every violation at once", async (name) => {
    const violations = violationsOf(read(`violations/${name}.in.yaml`))
    expect(violations.length).toBeGreaterThan(0)
    await expect(stringify(violations, { lineWidth: 0 })).toMatchFileSnapshot(
      join(GOLDEN, "violations", `${name}.out.yaml`)
    )
  })
})
