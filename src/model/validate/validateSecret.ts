/** A secret holds something, in base64. */
import type { Secret } from "../Secret.ts"
import type { Violation } from "../Violation.ts"
import { violationIf } from "./violationPath.ts"

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export const validateSecret = ({ data = "" }: Secret): ReadonlyArray<Violation> =>
  data === ""
    ? [{ field: "data", message: "has to be defined: the secret's bytes in base64" }]
    : violationIf(!BASE64.test(data), "data", "has to be in base64 (standard alphabet, padded)")
