/**
 * The names that a stream asks for: an immutable set, of which a changed one costs what changed. A proxy may name
 * thousands and then change one at a time.
 */

export interface Names extends Iterable<string> {
  readonly size: number
  readonly has: (name: string) => boolean
}

/** Of how many names one may differ before all are copied. */
const SHARE = 16

class Changed implements Names {
  readonly base: ReadonlySet<string>
  /** What differs from `base`: whether the name is in it now. */
  readonly changes: ReadonlyMap<string, boolean>
  readonly size: number

  constructor(base: ReadonlySet<string>, changes: ReadonlyMap<string, boolean>) {
    this.base = base
    this.changes = changes
    let size = base.size
    for (const isIn of changes.values()) size += isIn ? 1 : -1
    this.size = size
  }

  has(name: string): boolean {
    return this.changes.get(name) ?? this.base.has(name)
  }

  *[Symbol.iterator](): Iterator<string> {
    for (const name of this.base) if (this.changes.get(name) !== false) yield name
    for (const [name, isIn] of this.changes) if (isIn && !this.base.has(name)) yield name
  }
}

export const NO_NAMES: Names = new Set<string>()

/** `before` with and without these: the same object where that changes nothing. */
export const changeNames = (before: Names, changed: ReadonlyMap<string, boolean>): Names => {
  const news = [...changed].filter(([name, isIn]) => before.has(name) !== isIn)
  if (news.length === 0) return before
  const { base, changes: old } = before instanceof Changed ? before : new Changed(setOf(before), new Map())
  const changes = new Map(old)
  for (const [name, isIn] of news) {
    if (base.has(name) === isIn) changes.delete(name)
    else changes.set(name, isIn)
  }
  if (changes.size * SHARE <= base.size) return new Changed(base, changes)
  return new Set(new Changed(base, changes))
}

const setOf = (names: Names): ReadonlySet<string> => names instanceof Set ? names : new Set(names)
