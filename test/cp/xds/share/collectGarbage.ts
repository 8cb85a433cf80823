/** Has the engine forget all that nothing holds any more. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const gc: unknown = runInNewContext("gc")

/** What a WeakRef was asked for stays until the end of the turn: so this takes two. */
export const collectGarbage = async (): Promise<void> => {
  if (typeof gc !== "function") throw new Error("this engine's garbage collector can't be called")
  for (let round = 0; round < 2; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
}
