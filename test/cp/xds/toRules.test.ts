import { describe, expect, it } from "vitest"
import { ToRules } from "../../../src/cp/xds/policies/ToRules.ts"
import type { TargetRef } from "../../../src/model/TargetRef.ts"
import { resource } from "../snapshot/resources.ts"

const to = (kind: string, conf: string, rest: TargetRef = {}) => ({ targetRef: { kind, ...rest }, default: conf })
const rulesOf = (...items: ReadonlyArray<ReturnType<typeof to>>) =>
  new ToRules([{ policy: resource("MeshRetry", "default", "r", {}), to: items }], [
    resource("MeshHTTPRoute", "default", "route", {})
  ])

const byTag = { service: "kv", resource: null }
const byReference = {
  service: "default_kv___msvc_80",
  resource: { kind: "MeshService", name: "kv", labels: { team: "x" }, sections: ["main", "80"] }
}
const route = { hash: "h", origin: "route" }

describe("what a policy says to whom", () => {
  const rules = rulesOf(
    to("MeshService", "service", { name: "kv" }),
    to("MeshService", "section", { name: "kv", sectionName: "main" }),
    to("MeshService", "labels", { labels: { team: "x" } }),
    to("Mesh", "mesh"),
    to("MeshService", "other", { name: "other" }),
    to("MeshHTTPRoute", "route", { name: "route" })
  )

  it("is in its own order for a service that is called by its tag", () => {
    expect(rules.of(byTag, null)).toEqual(["service", "mesh"])
    expect(rules.of(byTag, route)).toEqual(["service", "mesh", "route"])
  })

  it("is the more specific the later for a resource; of its route, what is said of the mesh and of the route", () => {
    expect(rules.of(byReference, null)).toEqual(["mesh", "service", "labels", "section"])
    expect(rules.of(byReference, route)).toEqual(["mesh", "route"])
    expect(rules.of(byReference, { hash: "h", origin: "" })).toEqual(["mesh", "service", "labels", "section"])
  })
})
