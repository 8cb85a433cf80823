import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { conditions } from "../../../src/controllers/lifecycle/conditions.ts"
import { judge } from "../../../src/controllers/lifecycle/judge.ts"
import { neverConnected } from "../../../src/controllers/lifecycle/ProxyObservation.ts"
import type { TaskObservation } from "../../../src/controllers/lifecycle/TaskObservation.ts"

const golden = join(import.meta.dirname, "..", "..", "golden", "controllers", "observations", "fargate-one-port.json")
const { look }: { readonly look: TaskObservation } = JSON.parse(readFileSync(golden, "utf8"))
const claim = { proxyType: "dataplane", mesh: "default", services: ["kv"] } as const

const judged = (role: TaskObservation["role"]) => judge({ ...look, role }, claim)
const read = (tags: Readonly<Record<string, string>>) =>
  judged({ status: "read", role: { arn: "arn:aws:iam::1:role/r", roleId: "AROA", tags } })

describe("a role", () => {
  it("that can't be read now is no reason to refuse", () => {
    expect(judged({ status: "unreadable", message: "throttled" }))
      .toEqual({ status: "unknown", reason: "RoleUnreadable", message: "throttled" })
    expect(judged({ status: "deleted" })).toMatchObject({ status: "refused", reason: "RoleDeleted" })
    expect(judged({ status: "none" })).toMatchObject({ status: "refused", reason: "TaskRoleMissing" })
  })

  it("is refused for all that is wrong with it at once", () => {
    const { message, status } = read({
      "kuma.io/type": "dataplane", "kuma.io/mesh": "other", "kuma.io/service": "impostor"
    })
    expect(status).toBe("refused")
    expect(message).toMatch(/other.*; .*impostor/)
  })
})

it("a condition's time moves only where its status does", () => {
  const judgement = {
    phase: "gone", look, connection: neverConnected, verdict: judged({ status: "none" }),
    derivation: { ok: false, reason: "", message: "" }
  } as const
  const first = conditions(judgement, [], "t1")
  const again = conditions(judgement, [
    ...first.slice(0, 1).map((one) => ({ ...one, reason: "Another" })),
    ...first.slice(1, 2).map((one) => ({ ...one, status: "True" as const }))
  ], "t2")
  expect(again.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(["t1", "t2", "t2", "t2"])
})
