import { createTestModel } from "@xstate/graph"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { initialTransition, transition } from "xstate"
import { machine } from "../../../src/controllers/dataplane/machine.ts"
import { machine as egress } from "../../../src/controllers/egress/machine.ts"
import { machine as ingress } from "../../../src/controllers/ingress/machine.ts"
import type { Facts } from "../../../src/controllers/lifecycle/Facts.ts"
import type { ProxyEvent } from "../../../src/controllers/lifecycle/proxyMachine.ts"
import { restore } from "../../../src/controllers/lifecycle/restore.ts"

const flags = [false, true]
const verdicts = ["unknown", "accepted", "refused"] as const

/** Every look that there can be. */
const looks: ReadonlyArray<Facts> = flags.flatMap((gone) =>
  flags.flatMap((stopping) =>
    flags.flatMap((located) =>
      flags.flatMap((stored) => verdicts.map((verdict) => ({ gone, stopping, located, verdict, stored })))
    )
  )
)

const observed = (facts: Facts): ProxyEvent => ({ type: "OBSERVED", facts })
const [start] = initialTransition(machine)
const after = (events: ReadonlyArray<ProxyEvent>) =>
  events.reduce((snapshot, event) => transition(machine, snapshot, event)[0], start).value

/** The phase by one look alone. */
const alone = (facts: Facts) => after([observed(facts)])

const live = looks.filter(({ gone, stopping }) => !gone && !stopping)

describe("the phases of a task", () => {
  it("are all reached", () => {
    expect(new Set([...looks.map(alone), start.value])).toEqual(
      new Set(["pending", "identified", "refused", "valid", "registered", "draining", "gone"])
    )
  })

  it("follow from the last look, whatever path led to it", () => {
    const model = createTestModel(machine)
    const paths = model.getShortestPaths({
      events: [...live.map(observed), { type: "STORED" }],
      serializeState: ({ value }) => JSON.stringify(value),
      allowDuplicatePaths: true
    })
    expect(paths.length).toBeGreaterThanOrEqual(5)
    for (const path of paths) {
      for (const facts of looks) {
        const [next] = transition(machine, path.state, observed(facts))
        expect(next.value).toBe(alone(facts))
      }
    }
  })

  it("follow from the last look after any walk of looks at a running task", () => {
    const look = fc.constantFrom(...live)
    const event = fc.oneof(look.map(observed), fc.constant<ProxyEvent>({ type: "STORED" }))
    fc.assert(fc.property(fc.array(event, { maxLength: 30 }), look, (walk, last) => {
      expect(after([...walk, observed(last)])).toBe(alone(last))
    }))
  })

  it("never lead back from stopping, even if a late look says that the task runs", () => {
    const stops = looks.filter(({ stopping }) => stopping)
    fc.assert(fc.property(fc.constantFrom(...stops), fc.constantFrom(...live), (stop, late) => {
      expect(["draining", "gone"]).toContain(after([observed(stop), observed(late)]))
    }))
  })

  it("are the same after a restart in any phase", () => {
    for (const phase of ["pending", "identified", "refused", "valid", "registered"] as const) {
      for (const facts of looks) {
        expect(transition(machine, restore(machine, phase), observed(facts))[0].value).toBe(alone(facts))
      }
    }
  })

  it("reach registered once the store holds what valid asks for", () => {
    const valid = observed({ gone: false, stopping: false, located: true, verdict: "accepted", stored: false })
    expect(after([valid])).toBe("valid")
    expect(after([valid, { type: "STORED" }])).toBe("registered")
  })

  it("ask for no action but keeping what was seen", () => {
    for (const one of [machine, ingress, egress]) {
      for (const facts of looks) {
        expect(transition(one, initialTransition(one)[0], observed(facts))[1]).toEqual([])
      }
    }
  })
})
