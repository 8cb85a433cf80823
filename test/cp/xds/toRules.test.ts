import { describe, expect, it } from "vitest"
import { hashOfMatches } from "../../../src/cp/xds/policies/matchesHash.ts"
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

  it("of a route goes over what is said of all, in whichever order it is said", () => {
    expect(rulesOf(to("MeshHTTPRoute", "route", { name: "route" }), to("Mesh", "mesh")).of(byTag, route))
      .toEqual(["mesh", "route"])
  })

  it("of a resource is the later the more specific the policy is, then the earlier its name", () => {
    const said = (name: string, targetRef: TargetRef, ...items: ReadonlyArray<ReturnType<typeof to>>) =>
      ({ policy: resource("MeshRetry", "default", name, { targetRef }), to: items })
    const all = [
      said("a", { kind: "Mesh" }, to("MeshService", "of a", { name: "kv" })),
      said("b", { kind: "Mesh" }, to("MeshService", "of b", { name: "kv" })),
      said("c", { kind: "Dataplane", name: "web-1" }, to("Mesh", "of one proxy"))
    ]
    for (const policies of [all, all.toReversed()]) {
      expect(new ToRules(policies, []).of(byReference, null)).toEqual(["of b", "of a", "of one proxy"])
    }
  })

  it("where a policy is about a route is said of that route's matches and callees", () => {
    const routeOf = (name: string, path: string) => {
      const rules = [{ matches: [{ path: { type: "Exact" as const, value: path } }], default: {} }]
      const targetRef = { kind: "MeshService", name: "kv" }
      return resource("MeshHTTPRoute", "default", name, { to: [{ targetRef, rules }] })
    }
    const [one, other] = [routeOf("one", "/a"), routeOf("other", "/b")]
    const policy = resource("MeshRetry", "default", "r", { targetRef: { kind: "MeshHTTPRoute", name: "one" } })
    const rules = new ToRules([{ policy, to: [to("Mesh", "of one")] }], [one, other])
    const saidOf = (path: string) =>
      rules.of(byTag, { hash: hashOfMatches([{ path: { type: "Exact", value: path } }]), origin: "" })
    expect([saidOf("/a"), saidOf("/b"), rules.of(byTag, null)]).toEqual([["of one"], [], []])
  })
})
