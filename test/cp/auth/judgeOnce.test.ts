import { expect, it } from "vitest"
import { type ProxyClaim, Refused } from "../../../src/cp/auth/Authenticator.ts"
import { judgeOnce } from "../../../src/cp/auth/judgeOnce.ts"

const claim: ProxyClaim = { proxyType: "dataplane", mesh: "default", name: "kv-1", peerAddress: null }

it("a verdict is reached once for the same things, and anew as soon as one of them is another", () => {
  let judged = 0
  let task: object | undefined = {}
  const own = {}
  const lost = judgeOnce<object>(() => [task, own], () => {
    judged += 1
    return task === undefined ? new Refused({ reason: "TaskGone", message: "gone" }) : null
  })
  const [identity, other] = [{}, {}]
  for (let look = 0; look < 10; look++) expect(lost(identity, claim)).toBeNull()
  expect(judged).toBe(1)
  lost(other, claim)
  lost(identity, { ...claim })
  expect(judged).toBe(3)
  task = { ...task }
  expect(lost(identity, claim)).toBeNull()
  task = undefined
  expect(lost(identity, claim)).toMatchObject({ reason: "TaskGone" })
  expect(lost(identity, claim)).toMatchObject({ reason: "TaskGone" })
  expect(judged).toBe(5)
})
