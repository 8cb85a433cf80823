/**
 * A journal's line with a checksum over all that stands before it, so that a line that was altered or damaged later is
 * told from one that the program wrote. It is no signature: whoever can write the file can compute it too. Pure.
 */
import { hash } from "node:crypto"

const SEAL = /^(.*),"sum":"([0-9a-f]{12})"\}$/s

const sumOf = (content: string): string => hash("sha256", content, "hex").slice(0, 12)

/** `json`: an object with at least one field, which gets `sum` as its last. */
export const sealLine = (json: string): string => {
  const content = json.slice(0, -1)
  return `${content},"sum":"${sumOf(content)}"}`
}

/** `whole`: as it was written. `unsealed`: it ends before its checksum. `altered`: content and checksum disagree. */
export const readSeal = (line: string): "whole" | "unsealed" | "altered" => {
  const [, content, sum] = SEAL.exec(line) ?? []
  if (content === undefined || sum === undefined) return "unsealed"
  return sumOf(content) === sum ? "whole" : "altered"
}
