import { expect, it } from "vitest"
import { KeptRoles } from "../../../src/controllers/aws/KeptRoles.ts"

const role = (team: string) => ({ arn: "arn", roleId: "id", tags: { team } })

it("an answer to a question of before somebody forgot is not kept", () => {
  const kept = new KeptRoles(10, 1_000)
  const early = kept.ask()
  kept.forgetWhere(() => true)
  expect(kept.keep("a", early, role("one"), 0)).toBe(false)
  expect(kept.of("a", 0)).toBeNull()
  kept.keep("a", kept.ask(), role("two"), 0)
  expect(kept.of("a", 0)).toEqual(role("two"))
})

it("an answer that comes after that to a later question changes nothing", () => {
  const kept = new KeptRoles(10, 1_000)
  const [first, second] = [kept.ask(), kept.ask()]
  kept.keep("a", second, role("two"), 0)
  expect(kept.keep("a", first, role("one"), 0)).toBe(false)
  expect(kept.lose("a", first)).toBe(false)
  expect(kept.of("a", 0)).toEqual(role("two"))
})

it("answers are kept for so long, and so many of them", () => {
  const kept = new KeptRoles(2, 1_000)
  for (const name of ["a", "b", "c"]) kept.keep(name, kept.ask(), role(name), 0)
  expect(["a", "b", "c"].map((name) => kept.of(name, 999)?.tags["team"])).toEqual([undefined, "b", "c"])
  expect(kept.of("c", 1_000)).toBeNull()
})
