import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { dataplaneKind } from "../../../src/controllers/dataplane/desired.ts"
import type { DataplaneObservation } from "../../../src/controllers/dataplane/observe.ts"
import { conclude } from "../../../src/controllers/lifecycle/conclude.ts"
import { narrowLook } from "../../../src/controllers/lifecycle/narrowLook.ts"

const folder = join(import.meta.dirname, "..", "..", "golden", "controllers", "observations")
const names = readdirSync(folder).filter((file) => file.endsWith(".json"))
const copyTags = ["team"]
const kind = dataplaneKind({ zone: "zone-1", copyTags, outboundAddress: "loopback" })

const read = (name: string): DataplaneObservation => JSON.parse(readFileSync(join(folder, name), "utf8"))

/** With a secret wherever an owner can put one. */
const withSecrets = (observation: DataplaneObservation): DataplaneObservation => {
  const { look } = observation
  const more = { "traefik.basicauth": "admin:secret", PASSWORD: "secret" }
  return {
    ...observation,
    look: {
      ...look,
      task: look.task && { ...look.task, tags: { ...look.task.tags, ...more } },
      definition: look.definition && {
        ...look.definition,
        containers: look.definition.containers.map((container) => ({
          ...container,
          labels: { ...container.labels, ...more },
          sidecar: container.sidecar && {
            ...container.sidecar, templateVariables: { ...container.sidecar.templateVariables, ...more }
          }
        }))
      }
    }
  }
}

describe("a look at a task", () => {
  it.each(names)("leads to the same without what isn't the mesh's: %s", (name) => {
    const observation = withSecrets(read(name))
    const narrowed = { ...observation, look: narrowLook(observation.look, copyTags) }
    expect(JSON.stringify(narrowed)).not.toContain("secret")
    expect(conclude(kind, narrowed, 0)).toEqual(conclude(kind, observation, 0))
  })
})
