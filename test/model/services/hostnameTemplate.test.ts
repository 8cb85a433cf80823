import { describe, expect, it } from "vitest"
import { evaluateTemplate } from "../../../src/model/services/hostnameTemplate.ts"

const names = { Name: "kv-1x", DisplayName: "kv", Namespace: "shop", Mesh: "default", Zone: "zone-1" }
const labels = { "team.io/name": "blue" }

const evaluate = (template: string) => evaluateTemplate(template, names, labels)

describe("a hostname's template", () => {
  it.each([
    ["{{ .DisplayName }}.svc.mesh.local", "kv.svc.mesh.local"],
    ["{{.Name}}.{{ .Namespace}}.{{.Zone }}.{{ .Mesh }}", "kv-1x.shop.zone-1.default"],
    ["{{ label \"team.io/name\" }}.local", "blue.local"],
    ["{{ label `team.io/name` }}.local", "blue.local"],
    ["a  {{- .Zone -}}  b", "azone-1b"],
    ["{{/* whose it is */}}kv.local", "kv.local"],
    ["plain.local", "plain.local"]
  ])("%s makes %s", (template, hostname) => expect(evaluate(template)).toEqual({ hostname }))

  it.each([
    ["{{ .Nmae }}", "can't be evaluated"],
    ["{{ if .Name }}x{{ end }}", "can't be evaluated"],
    ["{{ printf \"%s\" .Name }}", "can't be evaluated"],
    ["{{ label \"other\" }}", "label other not found"],
    ["{{ .Name", "unclosed action"],
    ["{{ .Name }}_x", "is not a valid DNS name"],
    ["UPPER.local", "is not a valid DNS name"],
    ["-a.local", "is not a valid DNS name"],
    ["a..local", "is not a valid DNS name"],
    ["", "is not a valid DNS name"],
    [`${"a".repeat(64)}.local`, "is not a valid DNS name"]
  ])("%s makes none, and says why", (template, problem) => {
    expect(evaluate(template)).toEqual({ problem: expect.stringContaining(problem) })
  })
})
