/**
 * A function of plain data that remembers its latest answers, for parts of resources that are the same in many. The
 * answers are shared: nobody may change one.
 */
import type { Plain } from "./Plain.ts"
import { Recent } from "./Recent.ts"

/** `capacity`: it remembers at most twice as many. */
export const recently = <I, V>(capacity: number, make: (input: I) => V): (input: I & Plain<I>) => V => {
  const recent = new Recent<string, V>(capacity)
  return (input) => recent.get(JSON.stringify(input), () => make(input))
}
