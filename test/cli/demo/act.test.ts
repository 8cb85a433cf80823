import { expect, it } from "vitest"
import { howToReadRefusal } from "../../../src/cli/demo/act.ts"
import { runEcsMesh } from "../../support/runEcsMesh.ts"

it("a refused task's reason is asked for by lines that can be copied as they are", () => {
  const told = howToReadRefusal("untagged", "49b3b13a", "http://127.0.0.1:5681")
  expect(told).toContain("bin/ecs-mesh explain 49b3b13a --address http://127.0.0.1:5681\n")
  expect(told).toContain("http://127.0.0.1:5681/ecs-tasks/49b3b13a ")
})

it.each([["refuse", ["untagged", "impostor"]], ["roll", ["demo-app", "kv"]]])(
  "the help of demo %s lists what may be chosen",
  async (action, choices) => {
    const { output } = await runEcsMesh("demo", action, "--help")
    for (const choice of choices) expect(output).toContain(choice)
  }
)
