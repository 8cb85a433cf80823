import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { folder, machinePage } from "../../scripts/generate-machines.ts"
import { machineKinds, renderMachine } from "../../src/cli/machine.ts"

describe("the diagrams of the machines", () => {
  it.each(machineKinds)("docs/machines/%s.md is what the machine says (run scripts/generate-machines.ts)", (kind) => {
    expect(readFileSync(join(folder, `${kind}.md`), "utf8")).toBe(machinePage(kind))
  })

  it("show where a task begins, ends and what leads on", () => {
    const diagram = renderMachine("dataplane")
    expect(diagram).toContain("[*] --> pending")
    expect(diagram).toContain("valid --> registered: is stored")
    expect(diagram).toContain("gone --> [*]")
  })
})
