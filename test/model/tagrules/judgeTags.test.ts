import { describe, expect, it } from "vitest"
import { judgeTags } from "../../../src/model/tagrules/judgeTags.ts"
import type { TagSubject } from "../../../src/model/tagrules/TagPolicy.ts"

const ROLE = "arn:aws:iam::123456789012:role/apps/demo-app"

const subject = (changes: Partial<TagSubject> = {}): TagSubject => ({
  proxyType: "dataplane",
  mesh: "default",
  roleArn: ROLE,
  roleTags: { "kuma.io/type": "dataplane", "kuma.io/mesh": "default" },
  ...changes
})

const tagged = (tags: Readonly<Record<string, string>>) => ({ ...subject().roleTags, ...tags })

const reasons = (changes: Partial<TagSubject>) =>
  judgeTags(subject(changes)).map(({ field, reason }) => `${reason} ${field}`)

describe("a role's tags", () => {
  it("let in a dataplane whose type and mesh they name", () => {
    expect(judgeTags(subject())).toEqual([])
  })

  it("let in an ingress and an egress without a mesh", () => {
    for (const proxyType of ["ingress", "egress"] as const) {
      expect(judgeTags(subject({ proxyType, mesh: "", roleTags: { "kuma.io/type": proxyType } }))).toEqual([])
    }
  })

  it("that are missing are named all at once, with the command that sets them", () => {
    const violations = judgeTags(subject({ roleTags: {} }))
    expect(violations.map(({ reason, field }) => [reason, field])).toEqual([
      ["RoleTagMissing", "role.tags[\"kuma.io/type\"]"],
      ["RoleTagMissing", "role.tags[\"kuma.io/mesh\"]"]
    ])
    expect(violations[0]?.message).toBe(
      `role ${ROLE} has no tag kuma.io/type: set it to "dataplane" ` +
        "(aws iam tag-role --role-name demo-app --tags Key=kuma.io/type,Value=dataplane)"
    )
  })

  it("that are empty are missing", () => {
    expect(reasons({ roleTags: { "kuma.io/type": "", "kuma.io/mesh": "default" } })).toEqual([
      "RoleTagMissing role.tags[\"kuma.io/type\"]"
    ])
  })

  it("aren't taken from what every object inherits", () => {
    expect(judgeTags(subject({ taskTags: {}, roleTags: Object.create(subject().roleTags) }))).toHaveLength(2)
  })

  it.each([
    ["dataplane", "ingress"], ["dataplane", "egress"], ["ingress", "dataplane"], ["egress", "ingress"]
  ] as const)(
    "of type %s can't be an %s",
    (has, proxyType) => {
      const roleTags = { "kuma.io/type": has, "kuma.io/mesh": "default" }
      expect(reasons({ proxyType, roleTags })).toEqual(["RoleTypeMismatch role.tags[\"kuma.io/type\"]"])
    }
  )

  it("of no known type name the known ones", () => {
    const [violation] = judgeTags(subject({ roleTags: tagged({ "kuma.io/type": "sidecar" }) }))
    expect(violation?.reason).toBe("RoleTypeUnknown")
    expect(violation?.message).toContain("one of dataplane, ingress, egress")
  })

  it("keep a dataplane out of another mesh", () => {
    const [violation, ...more] = judgeTags(subject({ mesh: "payments" }))
    expect(more).toEqual([])
    expect(violation?.reason).toBe("RoleMeshMismatch")
    expect(violation?.message).toContain("KUMA_DATAPLANE_MESH=default")
  })

  it("restrict which service a Dataplane stands for, each wrong one once", () => {
    const roleTags = tagged({ "kuma.io/service": "kv" })
    expect(judgeTags(subject({ roleTags, services: ["kv"] }))).toEqual([])
    expect(reasons({ roleTags, services: ["kv", "demo-app", "demo-app"] })).toEqual([
      "RoleServiceMismatch role.tags[\"kuma.io/service\"]"
    ])
  })

  it("restrict no service where they name none", () => {
    expect(judgeTags(subject({ services: ["anything"] }))).toEqual([])
  })

  it("restrict the workload, and one must be there", () => {
    const roleTags = tagged({ "kuma.io/workload": "kv" })
    const wrong = ["RoleWorkloadMismatch role.tags[\"kuma.io/workload\"]"]
    expect(judgeTags(subject({ roleTags, workload: "kv" }))).toEqual([])
    expect(reasons({ roleTags, workload: "demo-app" })).toEqual(wrong)
    expect(reasons({ roleTags, workload: "" })).toEqual(wrong)
  })

  it("can't be overruled by the task's", () => {
    const roleTags = tagged({ "kuma.io/service": "kv" })
    const taskTags = { "kuma.io/service": "demo-app", "kuma.io/mesh": "payments", team: "b" }
    expect(reasons({ roleTags, taskTags })).toEqual([
      "TaskTagMismatch task.tags[\"kuma.io/mesh\"]",
      "TaskTagMismatch task.tags[\"kuma.io/service\"]"
    ])
    expect(judgeTags(subject({ roleTags, taskTags: { "kuma.io/service": "kv" } }))).toEqual([])
  })

  it("that are misspelt restrict nothing, and so are refused", () => {
    expect(reasons({ roleTags: tagged({ "kuma.io/sevice": "kv", "Kuma.io/Mesh": "x", team: "b" }) })).toEqual([
      "RoleTagUnknown role.tags[\"Kuma.io/Mesh\"]",
      "RoleTagUnknown role.tags[\"kuma.io/sevice\"]"
    ])
  })

  it("show everything that is wrong at once", () => {
    const roleTags = { "kuma.io/type": "ingress", "kuma.io/mesh": "other", "kuma.io/service": "kv" }
    expect(reasons({ roleTags, services: ["demo-app"], taskTags: { "kuma.io/type": "dataplane" } })).toEqual([
      "RoleTypeMismatch role.tags[\"kuma.io/type\"]",
      "RoleMeshMismatch role.tags[\"kuma.io/mesh\"]",
      "RoleServiceMismatch role.tags[\"kuma.io/service\"]",
      "TaskTagMismatch task.tags[\"kuma.io/type\"]"
    ])
  })
})
