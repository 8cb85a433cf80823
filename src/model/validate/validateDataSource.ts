/** Where bytes come from: from somewhere. */
import type { DataSource } from "../DataSource.ts"
import type { Violation } from "../Violation.ts"
import { violationIf } from "./violationPath.ts"

export const validateDataSource = (source: DataSource | undefined, path: string): ReadonlyArray<Violation> =>
  violationIf(
    source !== undefined && !source.secret && !source.file && !source.inline && !source.inlineString,
    path,
    "data source cannot be empty"
  )
