/**
 * Reads by a schema, and leaves out the fields that it doesn't know: each is told of, with the name that may have been
 * meant. Receives plain data, answers the value and warnings, or every violation. Pure.
 */
import { Schema } from "effect"
import { spelledOtherwise, unknownField } from "./nearestName.ts"
import { DECODE_OPTIONS, type Finding, findings, findingViolation, formatPath } from "./schemaViolations.ts"
import type { Violation } from "./Violation.ts"

export interface DecodeOptions {
  /** Where the input stands in its resource. */
  readonly base?: ReadonlyArray<PropertyKey>
  /** Names beside those of the schema that may have been meant at its top. */
  readonly alsoKnown?: ReadonlyArray<string>
  /** A number may stand in quotes, as protobuf's JSON has it. https://protobuf.dev/programming-guides/json/ */
  readonly numbersInQuotes?: boolean
}

/** Of so many unknown fields it is told which names may have been meant. */
const MOST_MEANT = 100

export type Known<A> =
  | { readonly value: A; readonly warnings: ReadonlyArray<Violation> }
  | { readonly violations: ReadonlyArray<Violation> }

/** What is done at one place of the input, and below it. */
interface Edits {
  /** Unknown fields: the name that each is read as, or null where it's left out. */
  readonly unknown: Map<string, string | null>
  /** Those names: each is read once. */
  readonly meant: Set<string>
  readonly numbers: Set<PropertyKey>
  readonly below: Map<PropertyKey, Edits>
}

const noEdits = (): Edits => ({ unknown: new Map(), meant: new Set(), numbers: new Set(), below: new Map() })

const editsAt = (root: Edits, path: ReadonlyArray<PropertyKey>): Edits =>
  path.reduce((edits, key) => {
    const known = edits.below.get(key)
    if (known !== undefined) return known
    const created = noEdits()
    edits.below.set(key, created)
    return created
  }, root)

const apply = (value: unknown, edits: Edits | undefined): unknown => {
  if (edits === undefined || typeof value !== "object" || value === null) return value
  const mended = (key: PropertyKey, item: unknown): unknown =>
    edits.numbers.has(key) ? Number(item) : apply(item, edits.below.get(key))
  if (Array.isArray(value)) return value.map((item: unknown, index) => mended(index, item))
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const name = edits.unknown.get(key)
      return name === null ? [] : [[name ?? key, mended(key, item)]]
    })
  )
}

const hasField = (value: unknown, path: ReadonlyArray<PropertyKey>, name: string): boolean => {
  const at = path.reduce<unknown>((parent, key) => Object(parent)[key], value)
  return Object.hasOwn(Object(at), name)
}

const shorten = (name: string): string => (name.length > 100 ? `${name.slice(0, 100)}…` : name)

const isNumberInQuotes = ({ issue }: Finding): boolean =>
  issue._tag === "InvalidType" && issue.ast._tag === "Number" && typeof issue.input === "string" &&
  /^-?\d{1,15}$/.test(issue.input)

export const decodeKnown = <A>(
  schema: Schema.Codec<A, unknown>,
  input: unknown,
  { alsoKnown = [], base = [], numbersInQuotes = false }: DecodeOptions = {}
): Known<A> => {
  const decode = Schema.decodeUnknownResult(schema, DECODE_OPTIONS)
  const warnings: Array<Violation> = []
  let current = input
  // Each turn knows, or leaves out, fields of those that the one before it found: it ends.
  for (;;) {
    const result = decode(current)
    if (result._tag === "Success") return { value: result.success, warnings }
    const edits = noEdits()
    const others: Array<Finding> = []
    let edited = false
    for (const finding of findings(result.failure.issue)) {
      const { issue, path } = finding
      const key = path.at(-1)
      const parent = path.slice(0, -1)
      if (issue._tag === "UnexpectedKey" && typeof key === "string") {
        const own = issue.ast._tag === "Objects" ? issue.ast.propertySignatures.map(({ name }) => String(name)) : []
        const known = path.length === 1 ? [...own, ...alsoKnown] : own
        const at = editsAt(edits, parent)
        const meant = spelledOtherwise(key, own)
        const isFree = meant !== undefined && !hasField(current, parent, meant) && !at.meant.has(meant)
        if (isFree) at.meant.add(meant)
        at.unknown.set(key, isFree ? meant : null)
        edited = true
        warnings.push({
          field: formatPath([...base, ...parent, shorten(key)]),
          // What may have been meant is looked for at some cost, and nobody reads on for ever.
          message: isFree ? `read as "${meant}"` : unknownField(key, warnings.length < MOST_MEANT ? known : [])
        })
      } else if (numbersInQuotes && key !== undefined && isNumberInQuotes(finding)) {
        editsAt(edits, parent).numbers.add(key)
        edited = true
      } else {
        others.push(finding)
      }
    }
    if (!edited) {
      // Whoever gets an error is told everything at once.
      const inOrder = others.map((finding) => findingViolation({ ...finding, path: [...base, ...finding.path] }))
      return { violations: [...warnings, ...inOrder] }
    }
    current = apply(current, edits)
  }
}
