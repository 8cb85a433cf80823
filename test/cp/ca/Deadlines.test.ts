import * as fc from "fast-check"
import { expect, it } from "vitest"
import { type Deadline, Deadlines } from "../../../src/cp/ca/Deadlines.ts"

interface Named extends Deadline {
  readonly name: number
}

it("gives back what is due, the next first, whatever was put off, put forward or called off meanwhile", () => {
  const action = fc.record({
    name: fc.nat(30),
    act: fc.constantFrom("set", "set", "set", "remove", "take"),
    at: fc.nat(100)
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const deadlines = new Deadlines<Named>()
      const all = Array.from({ length: 31 }, (_, name): Named => ({ name, at: 0, place: -1 }))
      const model = new Map<number, number>()
      const check = (taken: Named | undefined, now: number) => {
        const next = Math.min(...model.values())
        if (next > now) return expect(taken).toBeUndefined()
        expect(taken?.at).toBe(next)
        expect(model.get(taken?.name ?? -1)).toBe(next)
        model.delete(taken?.name ?? -1)
      }
      for (const { act, at, name } of actions) {
        const deadline = all[name]
        if (deadline === undefined) continue
        if (act === "set") {
          deadlines.set(deadline, at)
          model.set(name, at)
        } else if (act === "remove") {
          deadlines.remove(deadline)
          model.delete(name)
        } else check(deadlines.take(at), at)
        expect(deadlines.size).toBe(model.size)
        if (model.size > 0) expect(deadlines.next?.at).toBe(Math.min(...model.values()))
      }
      while (model.size > 0) check(deadlines.take(Infinity), Infinity)
      expect(deadlines.take(Infinity)).toBeUndefined()
    }),
    { numRuns: 1_000, seed: 1 }
  )
})
