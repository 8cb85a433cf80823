/**
 * Templates of hostnames: what Go's text/template is used for in a HostnameGenerator, and no more.
 * `{{ .DisplayName }}`, `{{ .Name }}`, `{{ .Namespace }}`, `{{ .Mesh }}`, `{{ .Zone }}` and `{{ label "key" }}`, with
 * `{{-` and `-}}` taking the white space beside them away.
 */

export interface TemplateNames {
  readonly Name: string
  readonly DisplayName: string
  readonly Namespace: string
  readonly Mesh: string
  readonly Zone: string
}

export type TemplatePart =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Name"; readonly name: keyof TemplateNames }
  | { readonly _tag: "Label"; readonly key: string }

export type ParsedTemplate = { readonly parts: ReadonlyArray<TemplatePart> } | { readonly problem: string }
export type Evaluated = { readonly hostname: string } | { readonly problem: string }

const NAMES: ReadonlyArray<keyof TemplateNames> = ["Name", "DisplayName", "Namespace", "Mesh", "Zone"]

const isName = (text: string): text is keyof TemplateNames => NAMES.some((name) => name === text)

const KNOWN = `${NAMES.map((name) => `.${name}`).join(", ")}, label "<key>"`

const parseAction = (action: string): TemplatePart | { readonly problem: string } => {
  const [, name] = /^\.(\w+)$/.exec(action) ?? []
  if (name !== undefined && isName(name)) return { _tag: "Name", name }
  const [, quoted, raw] = /^label\s+(?:"([^"\\]*)"|`([^`]*)`)$/.exec(action) ?? []
  const key = quoted ?? raw
  if (key !== undefined) return { _tag: "Label", key }
  return { problem: `"{{ ${action} }}" can't be evaluated; there are: ${KNOWN}` }
}

export const parseTemplate = (template: string): ParsedTemplate => {
  const parts: Array<TemplatePart> = []
  let rest = template
  let trimNext = false
  for (;;) {
    const at = rest.indexOf("{{")
    const text = at < 0 ? rest : rest.slice(0, at)
    const trimsBefore = at >= 0 && /^\{\{-\s/.test(rest.slice(at))
    const from = trimNext ? text.trimStart() : text
    const trimmed = trimsBefore ? from.trimEnd() : from
    if (trimmed !== "") parts.push({ _tag: "Text", text: trimmed })
    if (at < 0) return { parts }
    const end = rest.indexOf("}}", at)
    if (end < 0) return { problem: "unclosed action: \"{{\" without \"}}\"" }
    const inner = rest.slice(at + 2, end)
    trimNext = /\s-$/.test(inner)
    const action = inner.replace(/^-(?=\s)/, "").replace(/\s-$/, "").trim()
    // A comment says nothing.
    if (!/^\/\*.*\*\/$/s.test(action)) {
      const part = parseAction(action)
      if ("problem" in part) return part
      parts.push(part)
    }
    rest = rest.slice(end + 2)
  }
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

/** RFC 1123: at most 253 characters, each label at most 63. */
export const isHostname = (text: string): boolean =>
  text.length <= 253 && text.split(".").every((label) => label.length <= 63 && LABEL.test(label))

const LOWERCASE_RFC_1123 =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character"

export const evaluateTemplate = (
  template: string,
  names: TemplateNames,
  labels: Readonly<Record<string, string>>
): Evaluated => {
  const parsed = parseTemplate(template)
  if ("problem" in parsed) return parsed
  let hostname = ""
  for (const part of parsed.parts) {
    if (part._tag === "Text") hostname += part.text
    else if (part._tag === "Name") hostname += names[part.name]
    else {
      const value = labels[part.key]
      if (value === undefined) return { problem: `label ${part.key} not found` }
      hostname += value
    }
  }
  return isHostname(hostname)
    ? { hostname }
    : { problem: `generated hostname "${hostname}" is not a valid DNS name: ${LOWERCASE_RFC_1123}` }
}
