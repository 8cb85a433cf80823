/** Fills `{{ name }}` in a Dataplane template, as Kuma's templates are written. */

export interface Filled {
  readonly text: string
  /** Variables that nobody gave. */
  readonly missing: ReadonlyArray<string>
}

export const fillTemplate = (template: string, variables: Readonly<Record<string, string>>): Filled => {
  const missing = new Set<string>()
  const text = template.replace(/\{\{\{?\s*([\w.-]+)\s*\}?\}\}/g, (whole, name: string) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value === undefined) missing.add(name)
    return value ?? whole
  })
  return { text, missing: [...missing] }
}
