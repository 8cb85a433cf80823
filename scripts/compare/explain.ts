/**
 * Which differences are known. Their reasons are the rows of the tables in docs/kuma-differences.md; what each row
 * explains is in knownDifferences.yaml. Pure but for reading the two.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parseYaml } from "../../src/model/parseYaml.ts"
import { diffAnswers } from "./diffAnswers.ts"
import type { Answer } from "./takeStep.ts"

export interface Known {
  /** The first cell of a row of the page. */
  readonly row: string
  readonly calls: RegExp
  /** With the sign before it: `- ` is Kuma's. */
  readonly line: RegExp
  /** Whether it is about calls while proxies are connected, or about those while none is; null: about both. */
  readonly proxies: boolean | null
  /** It comes and goes by the moment at which something is looked at: not to see it means nothing. */
  readonly sometimes: boolean
}

export interface Difference {
  readonly call: string
  /** What explains its lines, once each. */
  readonly known: ReadonlyArray<Known>
  /** Lines that nothing explains. */
  readonly unknown: ReadonlyArray<string>
}

type Patterns = string | ReadonlyArray<string>

interface Rule {
  readonly calls?: Patterns
  readonly lines?: Patterns
  readonly proxies?: boolean
  readonly sometimes?: boolean
}

const listOf = (patterns: Patterns): ReadonlyArray<string> => typeof patterns === "string" ? [patterns] : patterns

const anyOf = (patterns: Patterns = ""): RegExp =>
  new RegExp(listOf(patterns).map((one) => `(?:${one})`).join("|"))

export const readRules = (text: string): ReadonlyArray<Known> => {
  const parsed = parseYaml(text)
  if ("problems" in parsed) throw new Error(parsed.problems.join("\n"))
  const [rows] = parsed.values as ReadonlyArray<Readonly<Record<string, ReadonlyArray<Rule>>>>
  return Object.entries(rows ?? {}).flatMap(([row, rules]) =>
    rules.flatMap(({ calls, lines, proxies = null, sometimes = false }) => {
      if (lines === undefined || lines.length === 0) throw new Error(`${row}: explains no lines`)
      return listOf(lines).map((line) => ({ row, calls: anyOf(calls), line: new RegExp(line), proxies, sometimes }))
    }))
}

export const readKnown = (): ReadonlyArray<Known> =>
  readRules(readFileSync(join(import.meta.dirname, "knownDifferences.yaml"), "utf8"))

/** What can explain something in one scene. */
export const knownWhere = (known: ReadonlyArray<Known>, withProxies: boolean): ReadonlyArray<Known> =>
  known.filter(({ proxies }) => proxies === null || proxies === withProxies)

/** Of two answers to each call those that differ. */
export const explain = (
  kuma: ReadonlyArray<Answer>,
  ours: ReadonlyArray<Answer>,
  known: ReadonlyArray<Known>
): ReadonlyArray<Difference> =>
  kuma.flatMap(({ call, text }, index) => {
    const lines = diffAnswers(text, ours[index]?.text ?? "not asked")
    if (lines.length === 0) return []
    const about = known.filter(({ calls }) => calls.test(call))
    const explained = new Set<Known>()
    const unknown = lines.filter((line) => {
      const why = about.filter((one) => one.line.test(line))
      for (const one of why) explained.add(one)
      return why.length === 0
    })
    return [{ call, known: [...explained], unknown }]
  })

/** What explains nothing any more: it could but hide what comes. */
export const staleOf = (known: ReadonlyArray<Known>, differences: ReadonlyArray<Difference>): ReadonlyArray<Known> => {
  const used = new Set(differences.flatMap((difference) => difference.known))
  return known.filter((one) => !one.sometimes && !used.has(one))
}
