/** One path at which somebody asks how things are, and who answers there. */
import type { Effect } from "effect"
import type { Inspector } from "../../inspect/Inspector.ts"
import type { ApiRequest, ApiResponse } from "../ApiRequest.ts"
import type { Action } from "../../auth/user/Access.ts"
import type { Refusal } from "../Refusal.ts"

/** What the placeholders of the path stand for. */
export type Parameters = Readonly<Record<string, string>>

export interface Question {
  readonly request: ApiRequest
  readonly inspector: Inspector
  /** That of this name in the path; the empty string where it has none. */
  readonly parameter: (name: string) => string
}

export interface InspectEntry {
  /** With placeholders: `/meshes/{mesh}/dataplanes/{name}/_rules`. */
  readonly path: string
  /** For the description of the API. */
  readonly summary: string
  /** Names in the query that are read, for the description. */
  readonly query?: ReadonlyArray<string>
  /** What a proxy says, as it says it, so it may be text; it is waited for. Everything else is computed. */
  readonly isTold?: boolean
  /** Who may, where not everybody may who is known. */
  readonly reserved?: { readonly action: Action; readonly what: string }
  readonly answer: (question: Question) => Effect.Effect<ApiResponse, Refusal>
}

const matches = (template: ReadonlyArray<string>, path: ReadonlyArray<string>): Parameters | null => {
  if (template.length !== path.length) return null
  const parameters: Record<string, string> = {}
  for (const [place, part] of template.entries()) {
    const actual = path[place] ?? ""
    if (part.startsWith("{")) parameters[part.slice(1, -1)] = actual
    else if (part !== actual) return null
  }
  return parameters
}

/** Finds the entry of a path among these. Of two the earlier one counts. */
export const entryFinder = (entries: ReadonlyArray<InspectEntry>) => {
  const templates = entries.map((entry) => ({ entry, template: entry.path.split("/").slice(1) }))
  return (path: ReadonlyArray<string>): { readonly entry: InspectEntry; readonly parameters: Parameters } | null => {
    for (const { entry, template } of templates) {
      const parameters = matches(template, path)
      if (parameters !== null) return { entry, parameters }
    }
    return null
  }
}
