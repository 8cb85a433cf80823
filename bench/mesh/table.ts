/** The figures of all measurements as tables. Pure. */
import { type FigureName, FIGURES, type Figures } from "./figures.ts"
import type { SubjectName } from "./subject/Subject.ts"

export interface Measured {
  readonly subject: SubjectName
  readonly proxies: number
  readonly run: number
  readonly figures: Figures
}

const NAMES = Object.keys(FIGURES) as ReadonlyArray<FigureName>

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** The median of an even number of values is the lower of both in the middle: one that was measured. */
export const spread = (values: ReadonlyArray<number>): Spread | null => {
  const sorted = values.toSorted((a, b) => a - b)
  const [min, median, max] = [sorted[0], sorted[Math.ceil(sorted.length / 2) - 1], sorted.at(-1)]
  return min === undefined || median === undefined || max === undefined ? null : { min, median, max }
}

const spreadOf = (measured: ReadonlyArray<Measured>, subject: SubjectName, proxies: number, name: FigureName) =>
  spread(
    measured
      .filter((one) => one.subject === subject && one.proxies === proxies)
      .flatMap(({ figures: { [name]: value } }) => value === undefined ? [] : [value])
  )

const text = (value: number): string => {
  if (value === 0) return "0"
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return String(Number(value.toFixed(digits)))
}

const cell = (found: Spread | null, runs: number): string => {
  if (found === null) return ""
  const { max, median, min } = found
  return runs === 1 || min === max ? text(median) : `${text(min)} / ${text(median)} / ${text(max)}`
}

const rows = (lines: ReadonlyArray<ReadonlyArray<string>>): string =>
  lines.map((line) => `| ${line.join(" | ")} |`).join("\n")

const distinct = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]

/** min / median / max over the runs; one column for each subject with each number of proxies. */
export const table = (measured: ReadonlyArray<Measured>): string => {
  const runs = distinct(measured.map(({ run }) => run)).length
  const sizes = distinct(measured.map(({ proxies }) => proxies))
  const columns = distinct(measured.map(({ subject }) => subject)).flatMap((subject) =>
    sizes.map((proxies) => ({ subject, proxies }))
  )
  return rows([
    ["", ...columns.map(({ proxies, subject }) => `${subject}, ${proxies}`)],
    columns.reduce<ReadonlyArray<string>>((line) => [...line, "---"], ["---"]),
    ...NAMES.flatMap((name) => {
      const [label, unit] = FIGURES[name]
      const cells = columns.map(({ proxies, subject }) => cell(spreadOf(measured, subject, proxies, name), runs))
      return cells.every((one) => one === "") ? [] : [[unit === "" ? label : `${label}, ${unit}`, ...cells]]
    })
  ])
}

/** By which factor each figure's median grew between the least and the greatest number of proxies. */
export const growthTable = (measured: ReadonlyArray<Measured>): string => {
  const sizes = distinct(measured.map(({ proxies }) => proxies)).toSorted((a, b) => a - b)
  const [least, greatest] = [sizes[0], sizes.at(-1)]
  if (least === undefined || greatest === undefined || least === greatest) return ""
  const subjects = distinct(measured.map(({ subject }) => subject))
  const factor = (subject: SubjectName, name: FigureName): string => {
    const [from, to] = [least, greatest].map((proxies) => spreadOf(measured, subject, proxies, name)?.median)
    return from === undefined || to === undefined || from <= 0 ? "" : `×${text(to / from)}`
  }
  return rows([
    [`from ${least} to ${greatest} proxies (×${text(greatest / least)})`, ...subjects],
    subjects.reduce<ReadonlyArray<string>>((line) => [...line, "---"], ["---"]),
    ...NAMES.flatMap((name) => {
      const cells = subjects.map((subject) => factor(subject, name))
      return cells.every((one) => one === "") ? [] : [[FIGURES[name][0], ...cells]]
    })
  ])
}
