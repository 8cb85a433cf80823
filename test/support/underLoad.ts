import type { Load } from "../../src/cli/demo/Load.ts"

/** A look that waits for another round first: while one looks and looks again, there is load all the while. */
export const underLoad = <A>(load: Load, look: () => Promise<A>) => async (): Promise<A> => {
  await load.anotherRound()
  return look()
}
