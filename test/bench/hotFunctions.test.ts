// Where the bench says that a profile's time went.
import { expect, it } from "vitest"
import { hotFunctions } from "../../bench/mesh/subject/hotFunctions.ts"

const frame = (functionName: string, url: string, lineNumber = 0) => ({ functionName, url, lineNumber })

it("a library's time is its caller's within the project, and nobody's is told by its own name", () => {
  const nodes = [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 3, 4] },
    { id: 2, callFrame: frame("push", "file:///mesh/src/cp/server/AdsStream.ts", 9), children: [5] },
    { id: 3, callFrame: frame("(idle)", "") },
    { id: 4, callFrame: frame("(garbage collector)", "") },
    { id: 5, callFrame: frame("write", "file:///mesh/node_modules/grpc/call.js"), children: [6] },
    { id: 6, callFrame: frame("writev", "node:net") }
  ]
  const samples = [2, 5, 6, 3, 4]
  const timeDeltas = [1_000, 2_000, 4_000, 90_000, 3_000]
  expect(hotFunctions({ nodes, samples, timeDeltas }, 5)).toEqual([
    { name: "push cp/server/AdsStream.ts:10", millis: 7 },
    { name: "(garbage collector)", millis: 3 }
  ])
})
