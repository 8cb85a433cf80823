/**
 * Which differences are known. Their reasons are the rows of the tables in docs/kuma-differences.md; what each row
 * explains is in knownDifferences.yaml. Pure but for reading the two.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parseYaml } from "../../src/model/parseYaml.ts"
import { diffLines } from "./diffLines.ts"
import type { Answer } from "./takeStep.ts"

export interface Known {
  /** The first cell of a row of the page. */
  readonly row: string
  readonly calls: RegExp
  /** Without the sign before it. */
  readonly lines: RegExp
}

export interface Difference {
  readonly call: string
  /** The page's rows that explain its lines. */
  readonly rows: ReadonlyArray<string>
  /** Lines that nothing explains. */
  readonly unknown: ReadonlyArray<string>
}

interface Rule {
  readonly calls?: string | ReadonlyArray<string>
  readonly lines?: string | ReadonlyArray<string>
}

const anyOf = (patterns: string | ReadonlyArray<string> = ""): RegExp =>
  new RegExp(typeof patterns === "string" ? patterns : patterns.map((one) => `(?:${one})`).join("|"))

export const readKnown = (): ReadonlyArray<Known> => {
  const parsed = parseYaml(readFileSync(join(import.meta.dirname, "knownDifferences.yaml"), "utf8"))
  if ("problems" in parsed) throw new Error(parsed.problems.join("\n"))
  const [rows] = parsed.values as ReadonlyArray<Readonly<Record<string, ReadonlyArray<Rule>>>>
  return Object.entries(rows ?? {}).flatMap(([row, rules]) =>
    rules.map(({ calls, lines }) => ({ row, calls: anyOf(calls), lines: anyOf(lines) })))
}

/** A comma at a line's end says only that something follows, which its line says. */
const withoutCommas = (text: string): string => text.replace(/,$/gm, "")

/** Of two answers to each call those that differ, the first column being Kuma's. */
export const explain = (
  kuma: ReadonlyArray<Answer>,
  ours: ReadonlyArray<Answer>,
  known: ReadonlyArray<Known>
): ReadonlyArray<Difference> =>
  kuma.flatMap(({ call, text }, index) => {
    const [answer, other] = [withoutCommas(text), withoutCommas(ours[index]?.text ?? "not asked")]
    if (answer === other) return []
    const about = known.filter(({ calls }) => calls.test(call))
    const rows = new Set<string>()
    const unknown = diffLines(answer, other).filter((line) => {
      const why = about.find(({ lines }) => lines.test(line.slice(2)))
      if (why !== undefined) rows.add(why.row)
      return why === undefined
    })
    return [{ call, rows: [...rows], unknown }]
  })
