/** Where the certificates and keys come from that a proxy shows to what is outside of the mesh, or asks of it. */
import type { DataSource } from "../DataSource.ts"
import { isOwnSecret } from "../ownSecret.ts"
import type { Violation } from "../Violation.ts"
import { field, violationIf } from "./violationPath.ts"

export const validateDataSource = (source: DataSource | undefined, path: string): ReadonlyArray<Violation> => {
  if (source === undefined) return []
  const { file = "", inline, inlineString, secret = "" } = source
  return [
    ...violationIf(!secret && !file && !inline && !inlineString, path, "data source cannot be empty"),
    ...violationIf(file !== "", field(path, "file"),
      "has no effect: no file is read for a proxy; put what it holds into a Secret, and name that"),
    ...violationIf(isOwnSecret(secret), field(path, "secret"),
      `"${secret}" is the control plane's own: name a Secret that you made`)
  ]
}
