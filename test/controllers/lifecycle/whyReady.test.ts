import { expect, it } from "vitest"
import { dataplaneKind } from "../../../src/controllers/dataplane/desired.ts"
import type { DataplaneObservation } from "../../../src/controllers/dataplane/observe.ts"
import { conclude } from "../../../src/controllers/lifecycle/conclude.ts"
import { observed } from "../replay/journalText.ts"

const kind = dataplaneKind({ zone: "zone-1", copyTags: [], outboundAddress: "loopback" })
const kept = { version: 1, creationTime: "", modificationTime: "" }

/** Why the next look decides as it does, after a first one was stored. */
const why = (first: DataplaneObservation, next: Partial<DataplaneObservation>): string => {
  const { decision: { desired }, told } = conclude(kind, first, 0)
  if (desired === null || told === null) throw new Error("nothing is stored")
  return conclude(kind, { ...first, previous: { ...told, ...kept }, stored: { ...desired, ...kept }, ...next }, 0).why
}

const well = observed("health-check-healthy")
const unsure = observed("health-check-not-yet-healthy")
const never = { online: true, acknowledged: false }

it("a task that gets traffic from now on does so because its containers are healthy", () => {
  expect(why(unsure, { look: well.look })).toBe("Ready: its containers are healthy")
  expect(why({ ...well, connection: never }, { connection: well.connection })).toBe("Ready: its containers are healthy")
})

it("a task that gets none from now on is told by the container that isn't well", () => {
  expect(why(well, { look: unsure.look })).toMatch(/^NotReady: container \w+ is (UNKNOWN|UNHEALTHY)$/)
})

it("a task whose proxy took nothing yet is told by that", () => {
  expect(why(well, { connection: never })).toBe("NotReady: its proxy hasn't taken its listeners yet")
})

it("a look that turns nothing tells of the task's conditions as ever", () => {
  expect(why(well, {})).toMatch(/^ListenersAccepted: /)
})
