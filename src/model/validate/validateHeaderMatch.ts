/** A match on a header: what its kind needs, and what it has no use for. */
import type { HeaderMatch } from "../HeaderMatch.ts"
import type { Violation } from "../Violation.ts"
import { validateHeaderName, validateRegex } from "./validateText.ts"
import { field, violationIf } from "./violationPath.ts"

export const validateHeaderMatch = (
  { name, type, value = "" }: HeaderMatch,
  path: string
): ReadonlyArray<Violation> => [
  ...validateHeaderName(field(path, "name"), name),
  ...violationIf((type === "Present" || type === "Absent") && value !== "", field(path, "value"),
    "must not be defined"),
  ...(type === "RegularExpression" ? validateRegex(field(path, "value"), value) : [])
]
