import { describe, expect, it } from "vitest"
import type { ServiceChange } from "../../../src/cp/snapshot/Impact.ts"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { Shortages } from "../../../src/cp/server/Shortages.ts"
import { created, dataplane, mesh } from "../snapshot/resources.ts"

const MINUTE = 60_000

/** A service of two, of which callers are told by what it loses and gains. */
const service = () => {
  const views = new MeshViews()
  const shortages = new Shortages()
  const write = (name: string, ready: boolean): ReadonlyArray<ServiceChange> =>
    views.apply([created(dataplane(name, "10.0.0.1", [{ service: "kv", ready }]))]).services
  views.apply([mesh()].map(created))
  for (const name of ["kv-1", "kv-2"]) write(name, true)
  return {
    /** Whether its callers can wait for this. */
    isLeisurely: (name: string, ready: boolean, at: number) => shortages.take(write(name, ready), at).size === 1
  }
}

describe("a service's new endpoint", () => {
  it("may wait where callers have all that they had", () => {
    const { isLeisurely } = service()
    expect(isLeisurely("kv-3", true, 0)).toBe(true)
    expect(isLeisurely("kv-4", true, 0)).toBe(true)
  })

  it("is wanted at once where some were lost, until that is long ago", () => {
    const { isLeisurely } = service()
    expect(isLeisurely("kv-1", false, 0)).toBe(false)
    expect(isLeisurely("kv-3", true, 4 * MINUTE)).toBe(false)
    expect(isLeisurely("kv-4", true, 6 * MINUTE)).toBe(true)
    expect(isLeisurely("kv-4", false, 7 * MINUTE)).toBe(false)
    expect(isLeisurely("kv-5", true, 11 * MINUTE)).toBe(false)
    expect(isLeisurely("kv-6", true, 12 * MINUTE)).toBe(true)
  })
})
