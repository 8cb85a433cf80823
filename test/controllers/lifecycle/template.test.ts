import { describe, expect, it } from "vitest"
import { resourceFromTemplate } from "../../../src/controllers/lifecycle/template.ts"
import type { SidecarDefinition } from "../../../src/controllers/lifecycle/TaskObservation.ts"

const sidecar = (templateVariables: SidecarDefinition["templateVariables"] = {}): SidecarDefinition =>
  ({ proxyType: "dataplane", mesh: "demo", template: "", templateVariables })

interface Given {
  readonly mesh?: string
  readonly variables?: SidecarDefinition["templateVariables"]
}

const read = (template: string, { mesh = "demo", variables = {} }: Given = {}) =>
  resourceFromTemplate(mesh === "" ? "ZoneIngress" : "Dataplane", template, sidecar(variables), {
    address: "10.0.0.9", mesh, taskId: "task-1"
  })

const reason = (template: string) => {
  const derived = read(template)
  return derived.ok ? null : derived.message
}

const text = (more = "", address = "10.0.0.9") =>
  `type: Dataplane
name: whatever
${more}
networking:
  address: ${address}
  inbound: [{ port: 80, tags: { kuma.io/service: kv } }]`

describe("a sidecar's template", () => {
  it.each([
    ["`hostname -i`", "10.0.0.9"], ["`hostname -I`", "10.0.0.9"], ["$(hostname -I)", "10.0.0.9"],
    ["$(hostname -i)", "10.0.0.9"],
    ["`hostname`", "task-1"], ["$(hostname -s)", "task-1"], ["`hostname -f`", "task-1"]
  ])("has what the container's shell would put for %s", (value, filled) => {
    expect(read(text("", "{{ address }}"), { variables: { address: value } }))
      .toMatchObject({ ok: true, value: { spec: { networking: { address: filled } } } })
  })

  it("gives its proxy the task's name and, where it names none, the sidecar's mesh", () => {
    expect(read(text())).toMatchObject({ ok: true, value: { name: "task-1", mesh: "demo" } })
    expect(read(text("mesh: other"))).toMatchObject({ ok: true, value: { mesh: "other" } })
    expect(read("type: ZoneIngress\nname: i\nnetworking: { address: 10.0.0.9, port: 10001 }", { mesh: "" }))
      .toMatchObject({ ok: true, value: { name: "task-1", mesh: "" } })
  })

  it("holds one resource, of the proxy's own type, without the operator's labels", () => {
    expect(reason(`${text()}\n---\n${text()}`)).toContain("must hold one resource, not 2")
    expect(reason("# nothing")).toContain("must hold one resource, not 0")
    expect(reason("type: ZoneIngress\nname: i\nnetworking: { address: 10.0.0.9, port: 10001 }")).not.toBeNull()
    expect(reason("type: MeshTimeout\nmesh: demo\nname: a\nspec: {}")).toContain("holds a MeshTimeout")
    expect(reason(text("labels: { ecs-mesh.io/task: another }"))).toContain("ecs-mesh.io/task")
    expect(reason(text("", "0.0.0.0"))).toContain("must not be 0.0.0.0")
  })

  it("names the variables that have no value", () => {
    expect(reason(text("", "{{ one }}{{ two }}"))).toContain("uses one, two without a value")
  })
})
